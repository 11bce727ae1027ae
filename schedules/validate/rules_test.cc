// Each rule of the validator: for each kind of violation a small bad program, made from a sound one, is found out.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"
#include "schedules/program/form/describe.h"
#include "schedules/validate/testing/lowered_program.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

// A program and places in it, to make bad programs of.
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
      const AllReduce* reduce = std::get_if<AllReduce>(&Code(device)[i].operation);
      if (reduce != nullptr && reduce->group == group) return static_cast<int>(i);
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
  // A removed instruction's waiters wait for nothing in its place.
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
Patient Whole() {
  auto order = MakeOrder("1f1b", {2, 4});
  REQUIRE(order.ok());
  return {MustLower(*order)};
}

// Chunks 0 and 3 on device 0, chunks 1 and 2 on device 1, split backwards.
Patient Split() { return {MustLower(GreedyOrder(PlaceAsV(2), 2, 3, true))}; }

Patient Evaluation() { return {MustLower(ForwardOnly(*MakeOrder("gpipe", {2, 3})))}; }

bool Finds(const std::vector<Violation>& violations, const std::string& rule, const std::string& part) {
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.rule == rule && violation.message.find(part) != std::string::npos;
  });
}

struct BadProgram {
  const char* rule;
  const char* part;  // of the message that must be among the violations
  Patient (*make)();
  void (*harm)(Patient&);
};

void CheckFound(const BadProgram& bad) {
  Patient patient = bad.make();
  CheckSound(patient.program);
  bad.harm(patient);
  const std::vector<Violation> violations = Validate(patient.program);
  std::string all;
  for (const Violation& violation : violations) all += FormatViolation(patient.program, violation) + "\n";
  INFO("expected " << bad.rule << ": " << bad.part << "; found:\n" << all);
  CHECK(Finds(violations, bad.rule, bad.part));
}

TEST_CASE("rule ranges") {
  const BadProgram bads[] = {
      {"ranges", "2 chunks are on devices; there are 0 chunks", Whole, [](Patient& p) { p.program.num_chunks = 0; }},
      {"ranges", "micro-batches -1 must be from 1 to 1048576", Whole,
       [](Patient& p) { p.program.num_micro_batches = -1; }},
      {"ranges", "1 chunks are on devices; there are 2", Whole,
       [](Patient& p) { p.program.placement = ChunkPlacement::Of({0}); }},
      {"ranges", "chunk 1 is on device 2; there are 2", Whole,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::Of({0, 2});
       }},
      {"ranges", "micro-batches 2147483647 must be from 1", Whole,
       [](Patient& p) { p.program.num_micro_batches = 2147483647; }},
      {"ranges", "instructions cannot pass 1000000 micro-batches", Whole,
       [](Patient& p) { p.program.num_micro_batches = 1000000; }},
      {"ranges", "reduce group 0: member 7 must be from 0 to 1", Whole,
       [](Patient& p) { p.program.reduce_groups[0].members[1] = 7; }},
      {"ranges", "reduce group 0: member 0 must be from 1 to 1", Whole,
       [](Patient& p) {
         p.program.reduce_groups[0].members = {1, 0};
       }},
      {"ranges", "reduce group 1: members: none", Whole,
       [](Patient& p) { p.program.reduce_groups[1].members.clear(); }},
      {"ranges", "reduce group 1: bytes -8 must be from 0", Whole,
       [](Patient& p) { p.program.reduce_groups[1].bytes = -8; }},
      {"ranges", "group 2 must be from 0 to 1", Whole,
       [](Patient& p) { std::get<AllReduce>(p.Code(0)[p.IndexOfReduce(0, 1)].operation).group = 2; }},
      {"ranges", "chunk -1 must be from 0 to 1", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).chunk = -1; }},
      {"ranges", "micro_batch 4 must be from 0 to 3", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 0).micro_batch = 4; }},
      {"ranges", "peer 0 must be another device", Whole, [](Patient& p) { p.Get<Send>(0, 0, 0).peer = 0; }},
      {"ranges", "peer -2 must be from 0 to 1", Whole, [](Patient& p) { p.Get<Recv>(0, 0, 0).peer = -2; }},
      {"ranges", "saved 99 must be from -1 to", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).saved = 99; }},
      {"ranges", "saved -2 must be from -1 to", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).saved = -2; }},
      {"ranges", "exceed the device's list", Whole, [](Patient& p) { p.Code(0)[2].first_wait = 0xffffffffu; }},
      {"ranges", "waits for instruction 2, which is not an earlier one", Whole,
       [](Patient& p) { p.program.devices[0].waits[p.Code(0)[2].first_wait] = 2; }},
      {"ranges", "waits for instruction -1, which", Whole,
       [](Patient& p) { p.program.devices[0].waits[p.Code(0)[2].first_wait] = -1; }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule completeness") {
  const BadProgram bads[] = {
      {"completeness", "Forward chunk 1 micro-batch 2 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Forward>(1, 1, 2)); }},
      {"completeness", "Backward chunk 0 micro-batch 3 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Backward>(0, 0, 3)); }},
      {"completeness", "BackwardWeight chunk 3 micro-batch 1 is missing", Split,
       [](Patient& p) { p.Remove(0, p.IndexOf<BackwardWeight>(0, 3, 1)); }},
      {"completeness", "Load inputs chunk 0 micro-batch 1 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Load>(0, 0, 1)); }},
      {"completeness", "Load targets chunk 1 micro-batch 1 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Load>(1, 1, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Forward>(0, 0, 1), p.Get<Forward>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Backward>(0, 0, 1), p.Get<Backward>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardInput>(0, 0, 1), p.Get<BackwardInput>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardWeight>(0, 0, 1), p.Get<BackwardWeight>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Load>(0, 0, 1), p.Get<Load>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), Update{0}); }},
      {"completeness", "is on device 0; its chunk is on device 1", Whole,
       [](Patient& p) {
         p.Insert(0, 0, Load{1, 0, DataKind::kTargets, 0});
       }},
      {"completeness", "is for a chunk that reads no such data", Whole,
       [](Patient& p) { p.Get<Load>(0, 0, 0).kind = DataKind::kTargets; }},
      {"completeness", "comes before its Forward", Whole, [](Patient& p) { p.Insert(0, 0, p.Get<Backward>(0, 0, 0)); }},
      {"completeness", "comes before its BackwardInput", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardInput>(0, 3, 0), p.Get<BackwardWeight>(0, 3, 0)); }},
      {"completeness", "adds to gradients after micro-batch 3", Whole,
       [](Patient& p) {
         std::swap(p.Get<Backward>(0, 0, 2).micro_batch, p.Get<Backward>(0, 0, 3).micro_batch);
         p.Get<Backward>(0, 0, 3).micro_batch = 3;
       }},
      {"completeness", "adds to gradients after micro-batch 2", Split,
       [](Patient& p) {
         Operation& first = p.Code(0)[p.IndexOf<BackwardWeight>(0, 0, 1)].operation;
         Operation& second = p.Code(0)[p.IndexOf<BackwardWeight>(0, 0, 2)].operation;
         std::swap(first, second);
       }},
      {"completeness", "comes after the AllReduce at instruction", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 1) + 1, p.Get<Backward>(0, 0, 3)); }},
      {"completeness", "comes after the Update at instruction", Whole,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), p.Get<Forward>(0, 0, 3)); }},
      {"completeness", "comes after the Update at instruction", Whole,
       [](Patient& p) { std::swap(p.Code(0).back(), p.Code(0)[p.Code(0).size() - 2]); }},
      {"completeness", "AllReduce group 0 is missing", Whole, [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 0)); }},
      {"completeness", "is done twice on this device", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 0), AllReduce{0}); }},
      {"completeness", "is on a device that has no member of the group", Whole,
       [](Patient& p) { p.program.reduce_groups[0].members = {0}; }},
      {"completeness", "Update chunk 1 is missing", Whole, [](Patient& p) { p.Code(1).pop_back(); }},
      {"completeness", "is a backward in a forward-only program", Whole,
       [](Patient& p) { p.program.forward_only = true; }},
      {"completeness", "is an AllReduce in a forward-only program", Whole,
       [](Patient& p) { p.program.forward_only = true; }},
      {"completeness", "is an Update in a forward-only program", Evaluation,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), Update{0}); }},
      {"completeness", "Backward chunk 0 micro-batch 0 is missing", Evaluation,
       [](Patient& p) {
         p.program.forward_only = false;
         for (DeviceProgram& code : p.program.devices) {
           code.chunks[0].gradients_offset = code.chunks[0].optimizer_offset = 0;
         }
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule transfers") {
  const BadProgram bads[] = {
      {"transfers", "is met by no Recv; device 1 has 3 from here", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Recv>(1, 1, 1)); }},
      {"transfers", "is met by no Send; device 0 has 3 to here", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 1)); }},
      {"transfers", "Send activation chunk 0 micro-batch 1 to device 1 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 1)); }},
      {"transfers", "Send gradient chunk 1 micro-batch 1 to device 0 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Send>(1, 1, 1)); }},
      {"transfers", "meets device 0 instruction", Whole, [](Patient& p) { p.Get<Recv>(1, 1, 0).micro_batch = 1; }},
      {"transfers", "meets device 0 instruction", Whole, [](Patient& p) { p.Get<Recv>(1, 1, 0).chunk = 0; }},
      {"transfers", "meets device 0 instruction", Whole,
       [](Patient& p) { p.Get<Recv>(1, 1, 0).payload = Payload::kGradient; }},
      {"transfers", ", which sends 512 bytes into 256", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Send>(0, 0, 0).slot).bytes = 512; }},
      {"transfers", "is sent twice", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Send>(0, 0, 0), p.Get<Send>(0, 0, 0)); }},
      {"transfers", "is of a chunk on device 1", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{1, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "goes to a device that does not need it; device 0 does", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{1, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "is not needed by any other device", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{0, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "is not needed by any other device", Split,
       [](Patient& p) {
         p.Insert(1, p.IndexOf<Forward>(1, 1, 0) + 1, Send{1, 0, Payload::kActivation, 0, 0});
       }},
      {"transfers", "is not needed by any other device", Evaluation,
       [](Patient& p) {
         p.Insert(1, p.IndexOf<Forward>(1, 1, 0) + 1, Send{1, 0, Payload::kGradient, 0, 0});
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule slots") {
  const BadProgram bads[] = {
      {"slots", "which nobody wrote", Whole, [](Patient& p) { p.Remove(0, p.IndexOf<Load>(0, 0, 0)); }},
      {"slots", "reads the saved of chunk 0 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 1).saved = p.Get<Forward>(0, 0, 0).saved; }},
      {"slots", "reads the input of chunk 0 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Load>(0, 0, 1).slot = p.Get<Load>(0, 0, 0).slot; }},
      {"slots", "reads the input of chunk 1 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Send>(0, 0, 0).slot = p.Get<Send>(0, 0, 1).slot; }},
      {"slots", "reads the stash of chunk 0 micro-batch 1 from slot", Split,
       [](Patient& p) { p.Remove(0, p.IndexOf<BackwardInput>(0, 0, 1)); }},
      {"slots", "has no slot for the output gradient of chunk 0 micro-batch 0", Whole,
       [](Patient& p) { p.Get<Backward>(0, 0, 0).grad_output = kNoSlot; }},
      {"slots", "for the input gradient of chunk 0 micro-batch 0, which there is not", Whole,
       [](Patient& p) { p.Get<Backward>(0, 0, 0).grad_input = 0; }},
      {"slots", "for the targets of chunk 0 micro-batch 0, which there is not", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 0).targets = 0; }},
      {"slots", "is of the wrong kind for the saved of chunk 0", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Forward>(0, 0, 0).saved).kind = SlotKind::kStash; }},
      {"slots", "is of the wrong kind for the output of chunk 1", Split,
       [](Patient& p) { p.SlotOf(1, p.Get<Forward>(1, 1, 0).output).kind = SlotKind::kOutput; }},
      {"slots", "takes 512 elsewhere", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Forward>(0, 0, 1).saved).bytes = 64; }},
      {"slots", "while using it for something else", Split,
       [](Patient& p) { p.Get<Forward>(1, 1, 0).output = p.Get<Forward>(1, 1, 0).input; }},
      // The same, where nothing reads the input afterwards: only the aliasing itself is wrong.
      {"slots", "while using it for something else",
       [] {
         return Patient{MustLower(ForwardOnly(*MakeOrder("gpipe", {1, 2, 2})))};
       },
       [](Patient& p) { p.Get<Forward>(0, 1, 0).input = p.Get<Forward>(0, 0, 0).output = p.Get<Load>(0, 0, 0).slot; }},
      // Waits that suffice only on lanes which run in issue order.
      {"slots", "reads slot 0 without waiting for instruction 0", Whole,
       [](Patient& p) { p.ClearWaits(1, p.IndexOf<Forward>(1, 1, 0)); }},
      {"slots", "without waiting for instruction 1 (Forward chunk 0 micro-batch 0), which fills it", Whole,
       [](Patient& p) { p.ClearWaits(0, p.IndexOf<Send>(0, 0, 0)); }},
      {"slots", "(Send activation chunk 0 micro-batch 0 to device 1), which uses it", Whole,
       [](Patient& p) {
         const SlotId slot = p.Get<Forward>(0, 0, 0).output;
         for (int micro_batch = 1; micro_batch < 4; ++micro_batch) {
           p.Get<Forward>(0, 0, micro_batch).output = p.Get<Send>(0, 0, micro_batch).slot = slot;
         }
       }},
      {"slots", "(Backward chunk 0 micro-batch 0), the last to use it", Whole,
       [](Patient& p) {
         const SlotId slot = p.Get<Recv>(0, 0, 0).slot;
         for (int micro_batch = 1; micro_batch < 4; ++micro_batch) {
           p.Get<Recv>(0, 0, micro_batch).slot = p.Get<Backward>(0, 0, micro_batch).grad_output = slot;
         }
         p.ClearWaits(0, p.IndexOf<Recv>(0, 0, 1));
       }},
      {"slots", "(Recv gradient chunk 0 micro-batch 0 from device 1), which uses it", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Recv>(0, 0, 0) + 1, p.Get<Recv>(0, 0, 0)); }},
      // Something has waited for the first Recv, but nothing that the second one comes after.
      {"slots", "without waiting for instruction 1 (Recv activation chunk 1 micro-batch 0 from device 0), which uses",
       Whole,
       [](Patient& p) {
         const Recv recv = p.Get<Recv>(1, 1, 0);
         const Load load = p.Get<Load>(1, 1, 0);
         p.Insert(1, 0, load);
         p.Insert(1, 1, recv);
         p.Insert(1, 2, load);
         p.Insert(1, 3, recv);
         p.Wait(1, 2, 1);
         p.Wait(1, 3, 0);
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule memory") {
  const BadProgram bads[] = {
      {"ranges", "slot 1 at offset", Whole, [](Patient& p) { p.SlotOf(0, 1).bytes = -1; }},
      {"ranges", "is outside the arena", Whole, [](Patient& p) { p.program.devices[0].arena_bytes -= 64; }},
      {"ranges", "is outside the arena", Whole, [](Patient& p) { p.SlotOf(0, 0).offset = -64; }},
      {"ranges", "is outside the arena", Whole,
       [](Patient& p) { p.SlotOf(0, 0).offset = int64_t{0x7fffffffffffffc0}; }},
      {"memory", "is not aligned to 64", Whole, [](Patient& p) { p.SlotOf(0, 0).offset += 8; }},
      {"memory", "slot 2 at", Whole, [](Patient& p) { p.SlotOf(0, 2).offset = p.SlotOf(0, 1).offset; }},
      {"memory", "overlaps parameters of chunk 0", Whole,
       [](Patient& p) { p.program.devices[0].workspace_offset = 0; }},
      {"memory", "optimizer state of chunk 1 at", Whole,
       [](Patient& p) {
         ChunkMemory& memory = p.program.devices[1].chunks[0];
         memory.optimizer_offset = memory.gradients_offset;
       }},
      {"ranges", "gradients of chunk 0 at offset -1", Whole,
       [](Patient& p) { p.program.devices[0].chunks[0].gradients_offset = kNoOffset; }},
      {"memory", "chunk 0 has no memory", Whole, [](Patient& p) { p.program.devices[0].chunks.clear(); }},
      {"ranges", "memory of chunk 1, which is not on this device", Whole,
       [](Patient& p) { p.program.devices[0].chunks[0].chunk = 1; }},
      {"memory", "chunk 0 is listed after 3", Split,
       [](Patient& p) { std::swap(p.program.devices[0].chunks[0], p.program.devices[0].chunks[1]); }},
      {"memory", "forward-only program has gradients", Evaluation,
       [](Patient& p) {
         ChunkMemory& memory = p.program.devices[0].chunks[0];
         memory.gradients_offset = memory.optimizer_offset = 0;
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule deadlock") {
  const BadProgram bads[] = {
      // Device 0 wants the gradient of micro-batch 0 before it sends the activation of micro-batch 0.
      {"deadlock", "instructions wait for each other in a circle: device 0 instruction", Whole,
       [](Patient& p) {
         const int recv = p.IndexOf<Recv>(0, 0, 0);
         const int forward = p.IndexOf<Forward>(0, 0, 0);
         const Recv moved = p.Get<Recv>(0, 0, 0);
         p.Remove(0, recv);
         p.Insert(0, forward, moved);
         p.Wait(0, forward + 1, forward);
       }},
      {"deadlock", "(Recv activation chunk 1 micro-batch 3 from device 0) is never matched by device 0", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 0)); }},
      {"deadlock", "(AllReduce group 0) waits for device 1, which never takes part", Whole,
       [](Patient& p) {
         for (int group : {0, 1}) p.Remove(1, p.IndexOfReduce(1, group));
       }},
      {"deadlock", "(AllReduce group 1) to take part; device 1", Whole,
       [](Patient& p) {
         std::swap(p.Code(1)[p.IndexOfReduce(1, 0)].operation, p.Code(1)[p.IndexOfReduce(1, 1)].operation);
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

// Chunk 0 is on device 0 for even micro-batches and on device 1 for odd ones, chunk 1 the other way round. Groups 0 and
// 1 sum the replicas, group 2 the tied parameter, group 3 the norm.
Patient Replicas() { return {MustLower(*MakeOrder("chimera", {2, 4}))}; }

TEST_CASE("replicas: each rule knows which device a micro-batch belongs to") {
  const BadProgram bads[] = {
      {"ranges", "3 micro-batches have a replica; there are 4", Replicas,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, 0});
       }},
      {"ranges", "micro-batch 2 uses replica -1", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, -1, 1});
       }},
      {"ranges", "micro-batch 2 uses replica 2; there are 2", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, 2, 1});
       }},
      {"ranges", "reduce group 3: member 4 must be from 2 to 3", Replicas,
       [](Patient& p) { p.program.reduce_groups[3].members.back() = 4; }},
      {"ranges", "two replicas of chunk 0 are listed on device 0", Replicas,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::OfList(2, {{0, 0, 0}, {1, 0, 1}, {0, 1, 0}, {1, 1, 0}}, {0, 1, 0, 1});
       }},
      {"completeness", "is on device 0; its chunk is on device 1", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, 1, 1});
       }},
      {"completeness", "Forward chunk 1 micro-batch 1 is missing", Replicas,
       [](Patient& p) { p.Remove(0, p.IndexOf<Forward>(0, 1, 1)); }},
      {"completeness", "Update chunk 1 is missing", Replicas, [](Patient& p) { p.Code(0).pop_back(); }},
      {"completeness", "adds to gradients after micro-batch 3", Replicas,
       [](Patient& p) { std::swap(p.Get<Backward>(0, 1, 1).micro_batch, p.Get<Backward>(0, 1, 3).micro_batch); }},
      {"completeness", "reduce group 1 does not sum each replica of chunk 1 once", Replicas,
       [](Patient& p) { p.program.reduce_groups[1].members = {1}; }},
      {"completeness", "the replicas of chunk 1 are summed by 0 reduce groups, not 1", Replicas,
       [](Patient& p) { p.program.reduce_groups[1].kind = ReduceKind::kTiedGradient; }},
      {"completeness", "the replicas of chunk 0 are summed by 1 reduce groups, not 0", Whole,
       [](Patient& p) { p.program.reduce_groups[0].kind = ReduceKind::kReplicaGradient; }},
      {"completeness", "sums replicas after the AllReduce at instruction", Replicas,
       [](Patient& p) {
         for (int device : {0, 1}) {
           std::swap(p.Code(device)[p.IndexOfReduce(device, 1)].operation,
                     p.Code(device)[p.IndexOfReduce(device, 2)].operation);
         }
       }},
      {"transfers", "Send activation chunk 0 micro-batch 1 to device 0 is missing", Replicas,
       [](Patient& p) { p.Remove(1, p.IndexOf<Send>(1, 0, 1)); }},
      {"transfers", "is of a chunk on device 0", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 0, 0, 1});
       }},
      {"memory", "chunk 1 has no memory", Replicas, [](Patient& p) { p.program.devices[0].chunks.pop_back(); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("a deadlock names only the circle, not who is behind it") {
  // Devices 0 and 1 wait for each other in their Reduces; device 2 waits for both.
  auto order = MakeOrder("gpipe", {3, 1});
  REQUIRE(order.ok());
  Patient patient{MustLower(*order)};
  patient.program.reduce_groups[0].members = {0, 1};
  const int first = patient.IndexOfReduce(0, 0);
  patient.Insert(1, patient.IndexOfReduce(1, 1) + 1, AllReduce{0});
  patient.Remove(2, patient.IndexOfReduce(2, 0));
  std::vector<Violation> violations = Validate(patient.program);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].device == 0);
  CHECK(violations[0].instruction == first);
  const std::string reduce_0 = "device 0 instruction " + std::to_string(first) + " (AllReduce group 0)";
  const std::string reduce_1 =
      "device 1 instruction " + std::to_string(patient.IndexOfReduce(1, 1)) + " (AllReduce group 1)";
  CHECK(violations[0].message == "instructions wait for each other in a circle: " + reduce_0 + " waits for " +
                                     reduce_1 + " to take part; " + reduce_1 + " waits for " + reduce_0 +
                                     " to take part");
}

TEST_CASE("every violation is reported, and CheckProgram names the first ones") {
  Patient patient = Whole();
  for (int micro_batch = 0; micro_batch < 4; ++micro_batch) {
    patient.Remove(0, patient.IndexOf<Load>(0, 0, micro_batch));
  }
  const std::vector<Violation> violations = Validate(patient.program);
  const auto count = [&](const char* rule) {
    return std::count_if(violations.begin(), violations.end(), [&](const Violation& v) { return v.rule == rule; });
  };
  CHECK(count("completeness") == 4);
  CHECK(count("slots") == 8);  // each Forward and each Backward reads what nobody loaded
  CHECK(violations.size() == 12);
  const absl::Status status = CheckProgram(patient.program);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() ==
        "the program of schedule \"test\" is unsound: device 0: completeness: Load inputs chunk 0 micro-batch 0 is "
        "missing; device 0: completeness: Load inputs chunk 0 micro-batch 1 is missing; device 0: completeness: Load "
        "inputs chunk 0 micro-batch 2 is missing; and 9 more");
}

}  // namespace
}  // namespace baton
