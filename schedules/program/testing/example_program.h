// Programs for tests of the text, proto and CSV forms.
#ifndef BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_
#define BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "schedules/program/fields.h"
#include "schedules/program/program.h"

namespace baton {

inline void Append(DeviceProgram& device, const Operation& operation, const std::vector<int32_t>& waits = {}) {
  Instruction instruction;
  instruction.operation = operation;
  instruction.first_wait = static_cast<uint32_t>(device.waits.size());
  instruction.num_waits = static_cast<uint32_t>(waits.size());
  device.waits.insert(device.waits.end(), waits.begin(), waits.end());
  device.instructions.push_back(instruction);
}

// Two chunks on two devices, and every operation but Recompute at least once.
inline Program ExampleProgram() {
  Program program;
  program.schedule = "1f1b";
  program.num_chunks = 2;
  program.num_micro_batches = 2;
  program.placement = ChunkPlacement::Of({0, 1});
  program.reduce_groups = {{ReduceKind::kTiedGradient, "tokens.weight", {0, 1}, 4096},
                           {ReduceKind::kGradientNorm, "", {0, 1}, 64}};
  program.devices.resize(2);

  DeviceProgram& first = program.devices[0];
  first.slots = {{SlotKind::kInput, 64, 1024},  {SlotKind::kOutput, 128, 1088},     {SlotKind::kSaved, 192, 1216},
                 {SlotKind::kStash, 256, 1408}, {SlotKind::kGradOutput, 128, 1664}, {SlotKind::kSavedWeight, 64, 1792}};
  first.chunks = {{0, 0, 256, 512, 256, 512}};
  first.workspace_offset = 1856;
  first.workspace_bytes = 64;
  first.arena_bytes = 1572864;
  Append(first, Load{0, 0, DataKind::kInputs, 0});
  Append(first, Forward{0, 0, 0, kNoSlot, 1, 2, 5});
  Append(first, Send{0, 0, Payload::kActivation, 1, 1}, {1});
  Append(first, Recv{0, 0, Payload::kGradient, 1, 4});
  Append(first, BackwardInput{0, 0, 0, kNoSlot, 2, 5, 4, kNoSlot, 3}, {3});
  Append(first, BackwardWeight{0, 0, 0, 5, 4, 3}, {2, 3});
  Append(first, AllReduce{0});
  Append(first, AllReduce{1});
  Append(first, Update{0});

  DeviceProgram& second = program.devices[1];
  second.slots = {{SlotKind::kInput, 128, 0}, {SlotKind::kTargets, 64, 128}, {SlotKind::kGradInput, 128, 192}};
  second.chunks = {{1, 320, 384, 448, 64, 64}};
  second.arena_bytes = 512;
  Append(second, Recv{1, 0, Payload::kActivation, 0, 0});
  Append(second, Load{1, 0, DataKind::kTargets, 1});
  Append(second, Forward{1, 0, 0, 1, kNoSlot, kNoSlot, kNoSlot}, {0});
  Append(second, Backward{1, 0, 0, 1, kNoSlot, kNoSlot, kNoSlot, 2});
  Append(second, Send{1, 0, Payload::kGradient, 0, 2}, {3});
  Append(second, AllReduce{0});
  Append(second, AllReduce{1});
  Append(second, Update{1});
  return program;
}

// A random program that passes CheckStructure and computes nothing meaningful; the same for the same seed.
inline Program RandomProgram(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % limit); };
  Program program;
  program.schedule = seed % 2 == 0 ? "zb-h1" : "a \"quoted\\\n# name: ü";
  program.num_chunks = static_cast<int>(1 + below(6));
  program.num_micro_batches = static_cast<int>(1 + below(9));
  program.forward_only = below(2) == 1;
  const int64_t num_devices = 1 + below(4);
  // If there are two replicas, some of their chunks share a device.
  std::vector<std::vector<int32_t>> devices(1 + below(2));
  for (std::vector<int32_t>& row : devices) {
    for (int i = 0; i < program.num_chunks; ++i) row.push_back(static_cast<int32_t>(below(num_devices)));
  }
  if (devices.size() > 1 && devices[0] == devices[1]) devices.pop_back();
  std::vector<int32_t> replica_of_micro_batch;
  for (int i = 0; devices.size() > 1 && i < program.num_micro_batches; ++i) replica_of_micro_batch.push_back(below(2));
  program.placement = ChunkPlacement::OfReplicas(devices, replica_of_micro_batch);
  for (int64_t i = below(4); i >= 0; --i) {
    ReduceGroup group = {static_cast<ReduceKind>(below(3)), "w" + std::to_string(i), {}, below(1000)};
    for (int64_t j = below(4); j >= 0; --j) group.members.push_back(below(program.placement.replicas().size()));
    std::sort(group.members.begin(), group.members.end());
    program.reduce_groups.push_back(group);
  }
  for (int64_t d = 0; d < num_devices; ++d) {
    program.devices.emplace_back();
    DeviceProgram& device = program.devices.back();
    device.workspace_offset = below(1 << 30);
    device.workspace_bytes = below(1 << 30);
    device.arena_bytes = (Bytes{1} << 31) + (below(1 << 30) << 17);
    for (int64_t i = below(5); i > 0; --i) {
      device.slots.push_back({static_cast<SlotKind>(below(kNumSlotKinds)), below(1 << 20), below(1 << 30)});
    }
    for (const ChunkReplica& replica : program.placement.replicas()) {
      if (replica.device != d) continue;
      ChunkMemory memory = {replica.chunk, below(99), below(99), below(99), below(99), below(99)};
      if (program.forward_only && below(2) == 1) {
        memory.gradients_offset = memory.optimizer_offset = kNoOffset;
        memory.optimizer_bytes = 0;
      }
      device.chunks.push_back(memory);
    }
    const int64_t num_instructions = below(40);
    for (int64_t i = 0; i < num_instructions; ++i) {
      Operation operation = MakeOperation(below(std::variant_size_v<Operation>));
      while (num_devices == 1 && !IsCompute(operation))
        operation = MakeOperation(below(std::variant_size_v<Operation>));
      const auto draw = [&](FieldRole role, const char*, auto& value) {
        using Value = std::remove_reference_t<decltype(value)>;
        if (role == FieldRole::kPeer) {
          value = static_cast<Value>((d + 1 + below(num_devices - 1)) % num_devices);
          return;
        }
        const int64_t limit = role == FieldRole::kChunk        ? program.num_chunks
                              : role == FieldRole::kMicroBatch ? program.num_micro_batches
                              : role == FieldRole::kKind       ? 2
                              : role == FieldRole::kGroup      ? program.reduce_groups.size()
                                                               : device.slots.size() + 1;
        const bool is_slot = role == FieldRole::kReads || role == FieldRole::kWrites;
        value = static_cast<Value>(below(limit) - (is_slot ? 1 : 0));
      };
      std::visit([&](auto& each) { VisitFields(each, draw); }, operation);
      std::vector<int32_t> waits;
      for (int64_t j = i == 0 ? 0 : below(4); j > 0; --j) waits.push_back(static_cast<int32_t>(below(i)));
      Append(device, operation, waits);
    }
  }
  return program;
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_
