// A program: for each device its instruction stream, its buffer slots and the layout of its memory. Made by lower,
// proven by validate, then run as it is by simulate, rehearse and train. Plain data; immutable once made.
#ifndef BATON_SCHEDULES_PROGRAM_PROGRAM_H_
#define BATON_SCHEDULES_PROGRAM_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/units.h"
#include "schedules/placement/placement.h"
#include "schedules/program/instruction.h"

namespace baton {

// What a slot may hold. Slots of different kinds are never shared, so a receive never has to wait for a send.
enum class SlotKind : int8_t {
  kInput,             // Recv or Load → Forward, backward; the model's tokens in chunk 0
  kTargets,           // Load → Forward and backward of the last chunk
  kOutput,            // Forward → Send (or the next chunk's Forward on the same device)
  kSaved,             // Forward → Backward or BackwardInput
  kSavedWeight,       // Forward → Backward or BackwardWeight
  kGradOutput,        // Recv → Backward, or BackwardInput and BackwardWeight
  kGradInput,         // Backward or BackwardInput → Send (or the previous chunk's backward on the same device)
  kStash,             // BackwardInput → BackwardWeight
  kRecomputed,        // Recompute, or Forward where there is none → Backward or BackwardInput
  kRecomputedWeight,  // Recompute, or Forward where there is none → Backward or BackwardWeight
};
inline constexpr int kNumSlotKinds = 10;

// A buffer that lives at a fixed place of the device's arena.
struct Slot {
  SlotKind kind;
  Bytes bytes;
  Bytes offset;
};

// The part of a device's arena that stays for the whole run, for one of its chunks. Gradients are as large as
// parameters. Forward-only programs have neither gradients nor optimizer state: offsets kNoOffset.
inline constexpr Bytes kNoOffset = -1;
struct ChunkMemory {
  int32_t chunk;
  Bytes parameters_offset;
  Bytes gradients_offset;
  Bytes optimizer_offset;
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
};

struct DeviceProgram {
  std::vector<Instruction> instructions;  // issue order
  std::vector<int32_t> waits;             // see Instruction; indices into `instructions`
  std::vector<Slot> slots;
  std::vector<ChunkMemory> chunks;  // ascending
  Bytes workspace_offset = 0;       // shared by all compute instructions
  Bytes workspace_bytes = 0;
  Bytes arena_bytes = 0;  // everything above fits below this

  absl::Span<const int32_t> WaitsOf(const Instruction& instruction) const {
    return absl::MakeConstSpan(waits).subspan(instruction.first_wait, instruction.num_waits);
  }
};

// What an AllReduce sums:
//   kTiedGradient     the gradient of one parameter that several chunks use
//   kGradientNorm     the squared gradient norm of each parameter, from which every device computes the same global
//   norm kReplicaGradient  all gradients of one chunk over its replicas
// Replicas are equal once they are summed. In groups of the first two kinds, replica 0 of a chunk contributes its
// values, the other replicas contribute zeros, and all receive the sum.
enum class ReduceKind : int8_t { kTiedGradient, kGradientNorm, kReplicaGradient };

struct ReduceGroup {
  ReduceKind kind;
  std::string name;  // the tied parameter's, for messages
  // In the order of summation: ascending indices into ChunkPlacement::replicas() (where there is one replica, these are
  // chunks). A chunk with several uses of a tied parameter is listed once for each.
  std::vector<int32_t> members;
  Bytes bytes;
};

struct Program {
  std::string schedule;  // the catalog's name, for messages and reports
  int num_chunks = 0;
  int num_micro_batches = 0;
  bool forward_only = false;  // evaluation: no backward, no Update
  ChunkPlacement placement;   // which device has which replica of which chunk; of num_chunks chunks
  std::vector<ReduceGroup> reduce_groups;
  std::vector<DeviceProgram> devices;

  int num_devices() const { return static_cast<int>(devices.size()); }
  // Where the chunk's passes for the micro-batch run.
  int32_t DeviceOf(int chunk, int micro_batch) const { return placement.DeviceOf(chunk, micro_batch); }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_PROGRAM_H_
