// Which calls of modules and channels an instruction makes. Used by tests that fail each instruction in turn.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_FAULT_SITE_H_
#define BATON_RUNTIME_EXECUTE_TESTING_FAULT_SITE_H_

#include <functional>
#include <vector>

#include "runtime/execute/testing/faults.h"
#include "schedules/program/program.h"

namespace baton {

// The calls that must fail so that one instruction fails; kNoFault for the others.
struct FaultSite {
  int module_call = kNoFault;
  int from = kNoFault;
  int to = kNoFault;
  int send = kNoFault;
  int receive = kNoFault;
};

// For instruction `index` of `device`, if the device has one chunk.
inline FaultSite SiteOf(const Program& program, int device, int index) {
  const std::vector<Instruction>& instructions = program.devices[device].instructions;
  // The ordinal of the instruction among those of its lane.
  auto ordinal = [&](const std::function<bool(const Operation&)>& in_lane) {
    int count = 0;
    for (int i = 0; i < index; ++i) count += in_lane(instructions[i].operation);
    return count;
  };
  FaultSite site;
  const Operation& operation = instructions[index].operation;
  if (const Send* send = std::get_if<Send>(&operation)) {
    site.from = device;
    site.to = send->peer;
    site.send = ordinal([&](const Operation& other) {
      return std::holds_alternative<Send>(other) && std::get<Send>(other).peer == send->peer;
    });
  } else if (const Recv* recv = std::get_if<Recv>(&operation)) {
    site.from = recv->peer;
    site.to = device;
    site.receive = ordinal([&](const Operation& other) {
      return std::holds_alternative<Recv>(other) && std::get<Recv>(other).peer == recv->peer;
    });
  } else {
    site.module_call = ordinal([](const Operation& other) { return !IsTransfer(other); });
  }
  return site;
}

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_FAULT_SITE_H_
