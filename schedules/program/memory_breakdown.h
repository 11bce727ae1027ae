// The parts of a device's memory. Used by reports, the command line and the memory check before a launch.
#ifndef BATON_SCHEDULES_PROGRAM_MEMORY_BREAKDOWN_H_
#define BATON_SCHEDULES_PROGRAM_MEMORY_BREAKDOWN_H_

#include "schedules/program/program.h"

namespace baton {

// The parts of a device's arena, in bytes; they add up to its size.
struct MemoryBreakdown {
  Bytes parameters = 0;
  Bytes gradients = 0;
  Bytes optimizer = 0;    // optimizer state
  Bytes activations = 0;  // live from Forward to the backward pass: inputs, saved, recomputed, stash
  Bytes buffers = 0;      // targets, outputs, gradients of inputs and outputs
  Bytes workspace = 0;

  MemoryBreakdown& operator+=(const MemoryBreakdown& other) {
    parameters += other.parameters;
    gradients += other.gradients;
    optimizer += other.optimizer;
    activations += other.activations;
    buffers += other.buffers;
    workspace += other.workspace;
    return *this;
  }
  Bytes Total() const { return parameters + gradients + optimizer + activations + buffers + workspace; }
};

// The breakdown of the device's arena, each buffer rounded up to its alignment.
inline MemoryBreakdown BreakDownMemory(const DeviceProgram& device) {
  MemoryBreakdown memory;
  for (const ChunkMemory& chunk : device.chunks) {
    memory.parameters += AlignUp(chunk.parameter_bytes);
    if (chunk.gradients_offset != kNoOffset) memory.gradients += AlignUp(chunk.gradient_region_bytes());
    if (chunk.optimizer_offset != kNoOffset) memory.optimizer += AlignUp(chunk.optimizer_bytes);
  }
  for (const Slot& slot : device.slots) {
    switch (slot.kind) {
      case SlotKind::kInput:
      case SlotKind::kSaved:
      case SlotKind::kSavedWeight:
      case SlotKind::kStash:
      case SlotKind::kRecomputed:
      case SlotKind::kRecomputedWeight:
        memory.activations += AlignUp(slot.bytes);
        break;
      case SlotKind::kTargets:
      case SlotKind::kOutput:
      case SlotKind::kGradOutput:
      case SlotKind::kGradInput:
        memory.buffers += AlignUp(slot.bytes);
        break;
    }
  }
  memory.workspace = AlignUp(device.workspace_bytes);
  return memory;
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_MEMORY_BREAKDOWN_H_
