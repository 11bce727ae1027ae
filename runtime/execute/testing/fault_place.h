// Which calls of modules and channels an instruction makes. Used by tests that fail each instruction in turn.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_FAULT_PLACE_H_
#define BATON_RUNTIME_EXECUTE_TESTING_FAULT_PLACE_H_

#include <functional>
#include <vector>

#include "runtime/execute/testing/faults.h"
#include "schedules/program/program.h"

namespace baton {

// The calls that must fail so that one instruction fails; kNoFault for the others.
struct FaultPlace {
  int module_call = kNoFault;
  int from = kNoFault;
  int to = kNoFault;
  int send = kNoFault;
  int receive = kNoFault;
};

// For instruction `index` of `device`, if the device has one chunk.
inline FaultPlace PlaceOf(const Program& program, int device, int index) {
  const std::vector<Instruction>& instructions = program.devices[device].instructions;
  // The ordinal of the instruction among those of its lane.
  auto ordinal = [&](const std::function<bool(const Operation&)>& in_lane) {
    int count = 0;
    for (int i = 0; i < index; ++i) count += in_lane(instructions[i].operation);
    return count;
  };
  FaultPlace place;
  const Operation& operation = instructions[index].operation;
  if (const Send* send = std::get_if<Send>(&operation)) {
    place.from = device;
    place.to = send->peer;
    place.send = ordinal([&](const Operation& other) {
      return std::holds_alternative<Send>(other) && std::get<Send>(other).peer == send->peer;
    });
  } else if (const Recv* recv = std::get_if<Recv>(&operation)) {
    place.from = recv->peer;
    place.to = device;
    place.receive = ordinal([&](const Operation& other) {
      return std::holds_alternative<Recv>(other) && std::get<Recv>(other).peer == recv->peer;
    });
  } else {
    place.module_call = ordinal(IsCompute);
  }
  return place;
}

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_FAULT_PLACE_H_
