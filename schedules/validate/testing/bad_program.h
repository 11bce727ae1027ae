// Small bad programs, made from sound ones, for tests of the validator's rules.
//
//     CheckFound({"slots", "which no instruction wrote", Whole,
//                 [](Patient& p) { p.Remove(0, p.IndexOf<Load>(0, 0, 0)); }});
#ifndef BATON_SCHEDULES_VALIDATE_TESTING_BAD_PROGRAM_H_
#define BATON_SCHEDULES_VALIDATE_TESTING_BAD_PROGRAM_H_

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"
#include "schedules/program/form/describe.h"
#include "schedules/validate/testing/lowered_program.h"
#include "schedules/validate/validate.h"

namespace baton {

// A program, with access to its instructions by kind, chunk and micro-batch.
struct Patient {
  Program program;

  std::vector<Instruction>& Code(int device) { return program.devices[device].instructions; }

  template <typename Kind>
  int IndexOf(int device, int chunk, int micro_batch) {
    for (size_t i = 0; i < Code(device).size(); ++i) {
      const Operation& operation = Code(device)[i].operation;
      if (std::holds_alternative<Kind>(operation) && ChunkOf(operation) == chunk &&
          MicroBatchOf(operation) == micro_batch) {
        return static_cast<int>(i);
      }
    }
    FAIL("no such instruction");
    return -1;
  }
  template <typename Kind>
  Kind& Get(int device, int chunk, int micro_batch) {
    return std::get<Kind>(Code(device)[IndexOf<Kind>(device, chunk, micro_batch)].operation);
  }
  int IndexOfReduce(int device, int group) {
    for (size_t i = 0; i < Code(device).size(); ++i) {
      if (GroupOf(Code(device)[i].operation) == group) return static_cast<int>(i);
    }
    FAIL("no such reduce");
    return -1;
  }
  // The replica that each micro-batch uses; the replicas stay.
  void SetReplicas(std::vector<int32_t> replica_of_micro_batch) {
    program.placement =
        ChunkPlacement::OfList(program.num_chunks, program.placement.replicas(), std::move(replica_of_micro_batch));
  }
  Slot& SlotOf(int device, SlotId slot) { return program.devices[device].slots[slot]; }
  void Insert(int device, int index, const Operation& operation) {
    for (int32_t& wait : program.devices[device].waits) wait += wait >= index ? 1 : 0;
    Code(device).insert(Code(device).begin() + index, {operation});
  }
  // The instructions that waited for the removed one wait for nothing instead.
  void Remove(int device, int index) {
    DeviceProgram& code = program.devices[device];
    std::vector<int32_t> waits;
    for (Instruction& instruction : code.instructions) {
      const uint32_t first = static_cast<uint32_t>(waits.size());
      for (int32_t wait : code.WaitsOf(instruction)) {
        if (wait != index) waits.push_back(wait > index ? wait - 1 : wait);
      }
      instruction.first_wait = first;
      instruction.num_waits = static_cast<uint32_t>(waits.size()) - first;
    }
    code.waits = waits;
    code.instructions.erase(code.instructions.begin() + index);
  }
  void Wait(int device, int index, int32_t wait) {
    DeviceProgram& code = program.devices[device];
    code.instructions[index].first_wait = static_cast<uint32_t>(code.waits.size());
    code.instructions[index].num_waits = 1;
    code.waits.push_back(wait);
  }
  void ClearWaits(int device, int index) { Code(device)[index].num_waits = 0; }
};

// 1F1B of two stages and four micro-batches.
inline Patient Whole() {
  auto order = MakeOrder("1f1b", {2, 4});
  REQUIRE(order.ok());
  return {MustLower(*order)};
}

// Chunks 0 and 3 on device 0, chunks 1 and 2 on device 1, split backwards.
inline Patient Split() { return {MustLower(GreedyOrder(PlaceAsV(2), 2, 3, true))}; }

inline Patient Evaluation() { return {MustLower(ForwardOnly(*MakeOrder("gpipe", {2, 3})))}; }

inline bool Finds(const std::vector<Violation>& violations, const std::string& rule, const std::string& part) {
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.rule == rule && violation.message.find(part) != std::string::npos;
  });
}

// A sound program, the change that makes it unsound, and the violation that the validator must report.
struct BadProgram {
  const char* rule;
  const char* part;  // of the message that must be among the violations
  Patient (*make)();
  void (*harm)(Patient&);
};

inline void CheckFound(const BadProgram& bad) {
  Patient patient = bad.make();
  CheckSound(patient.program);
  bad.harm(patient);
  const std::vector<Violation> violations = Validate(patient.program);
  std::string all;
  for (const Violation& violation : violations) all += FormatViolation(patient.program, violation) + "\n";
  INFO("expected " << bad.rule << ": " << bad.part << "; found:\n" << all);
  CHECK(Finds(violations, bad.rule, bad.part));
}

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_TESTING_BAD_PROGRAM_H_
