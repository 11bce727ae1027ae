// Programs for tests of the text, proto and CSV forms.
#ifndef BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_
#define BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
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

// Makes one random program; see RandomProgram.
class RandomProgramMaker {
 public:
  explicit RandomProgramMaker(uint32_t seed) : seed_(seed), random_(seed) {}

  Program Make() {
    program_.schedule = seed_ % 2 == 0 ? "zb-h1" : "a \"quoted\\\n# name: ü";
    program_.num_chunks = static_cast<int>(1 + Below(6));
    program_.num_micro_batches = static_cast<int>(1 + Below(9));
    program_.forward_only = Below(2) == 1;
    if (seed_ % 3 == 0) program_.sum_groups = program_.num_micro_batches;
    program_.devices.resize(1 + Below(4));
    MakePlacement();
    for (int64_t i = Below(4); i >= 0; --i) AddGroup(i);
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      MakeMemory(device);
      const int64_t num_instructions = Below(40);
      for (int64_t i = 0; i < num_instructions; ++i) AddInstruction(device);
    }
    return std::move(program_);
  }

 private:
  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_() % limit); }

  void MakePlacement() {
    // If there are two replicas, some of their chunks share a device.
    std::vector<std::vector<int32_t>> devices(1 + Below(2));
    for (std::vector<int32_t>& row : devices) {
      for (int i = 0; i < program_.num_chunks; ++i) row.push_back(static_cast<int32_t>(Below(program_.num_devices())));
    }
    if (devices.size() > 1 && devices[0] == devices[1]) devices.pop_back();
    std::vector<int32_t> replica_of_micro_batch;
    for (int i = 0; devices.size() > 1 && i < program_.num_micro_batches; ++i) {
      replica_of_micro_batch.push_back(static_cast<int32_t>(Below(2)));
    }
    program_.placement = ChunkPlacement::OfReplicas(devices, replica_of_micro_batch);
  }

  void AddGroup(int64_t index) {
    ReduceGroup group = {static_cast<ReduceKind>(Below(kNumReduceKinds)), "w" + std::to_string(index), {}, Below(1000)};
    for (int64_t i = Below(4); i >= 0; --i) {
      group.members.push_back(static_cast<int32_t>(Below(program_.placement.replicas().size())));
    }
    std::sort(group.members.begin(), group.members.end());
    program_.reduce_groups.push_back(group);
  }

  void MakeMemory(int32_t index) {
    DeviceProgram& device = program_.devices[index];
    device.workspace_offset = Below(1 << 30);
    device.workspace_bytes = Below(1 << 30);
    device.arena_bytes = (Bytes{1} << 31) + (Below(1 << 30) << 17);
    for (int64_t i = Below(5); i > 0; --i) {
      device.slots.push_back({static_cast<SlotKind>(Below(kNumSlotKinds)), Below(1 << 20), Below(1 << 30)});
    }
    for (const ChunkReplica& replica : program_.placement.replicas()) {
      if (replica.device != index) continue;
      ChunkMemory memory = {replica.chunk, Below(99), Below(99), Below(99), Below(99), Below(99)};
      if (seed_ % 3 == 0) memory.partial_sum_bytes = Below(99);
      if (program_.forward_only && Below(2) == 1) {
        memory.gradients_offset = memory.optimizer_offset = kNoOffset;
        memory.optimizer_bytes = 0;
      }
      device.chunks.push_back(memory);
    }
  }

  // The number of values of an operand, from 0; of a slot, from kNoSlot.
  int64_t LimitOf(FieldRole role, const DeviceProgram& device) const {
    switch (role) {
      case FieldRole::kChunk:
        return program_.num_chunks;
      case FieldRole::kMicroBatch:
        return program_.num_micro_batches;
      case FieldRole::kKind:
        return 2;
      case FieldRole::kPeer:
        return program_.num_devices() - 1;
      case FieldRole::kGroup:
        return static_cast<int64_t>(program_.reduce_groups.size());
      case FieldRole::kReads:
      case FieldRole::kWrites:
        return static_cast<int64_t>(device.slots.size()) + 1;
    }
    return 1;
  }

  void AddInstruction(int32_t index) {
    DeviceProgram& device = program_.devices[index];
    Operation operation;
    do {
      operation = MakeOperation(Below(std::variant_size_v<Operation>));
    } while (program_.num_devices() == 1 && IsTransfer(operation));
    const auto draw = [&](FieldRole role, const char*, auto& value) {
      using Value = std::remove_reference_t<decltype(value)>;
      int64_t drawn = Below(LimitOf(role, device));
      if (role == FieldRole::kPeer) drawn = (index + 1 + drawn) % program_.num_devices();
      if (role == FieldRole::kReads || role == FieldRole::kWrites) drawn += kNoSlot;
      value = static_cast<Value>(drawn);
    };
    std::visit([&](auto& each) { VisitFields(each, draw); }, operation);
    const auto num_earlier = static_cast<int64_t>(device.instructions.size());
    std::vector<int32_t> waits;
    for (int64_t i = num_earlier == 0 ? 0 : Below(4); i > 0; --i) {
      waits.push_back(static_cast<int32_t>(Below(num_earlier)));
    }
    Append(device, operation, waits);
  }

  const uint32_t seed_;
  std::mt19937 random_;
  Program program_;
};

// A random program that passes CheckStructure and computes nothing meaningful; the same for the same seed.
inline Program RandomProgram(uint32_t seed) { return RandomProgramMaker(seed).Make(); }

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_TESTING_EXAMPLE_PROGRAM_H_
