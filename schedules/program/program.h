// A program: for each device its instructions, its buffer slots and the layout of its memory. Lower makes it, validate
// proves it, and simulate, rehearse and train run it unchanged. Plain data; immutable once made.
//
//     const Program program = *Compile(request);                        // schedules/compile/compile.h
//     const DeviceProgram& device = program.devices[0];
//     for (const Instruction& instruction : device.instructions)        // in issue order
//       LOG(INFO) << Describe(instruction.operation) << " waits for " << instruction.num_waits << " instructions";
//     device.arena_bytes;                                               // the device's peak memory
#ifndef BATON_SCHEDULES_PROGRAM_PROGRAM_H_
#define BATON_SCHEDULES_PROGRAM_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/units.h"
#include "schedules/placement/placement.h"
#include "schedules/program/instruction.h"

namespace baton {

// The role of a slot's contents: writer → readers. Slots of different kinds are never shared, so a Recv never has to
// wait for a Send.
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

// A buffer at a fixed offset of the device's arena.
struct Slot {
  SlotKind kind;
  Bytes bytes;   // at least 0
  Bytes offset;  // in the arena; a multiple of kBufferAlignment
};

// The part of a device's arena that is live for the whole run, for one of its chunks. Offsets are in bytes from the
// arena's start. Gradients are gradient_ratio times as large as parameters. Forward-only programs have neither
// gradients nor optimizer state: both offsets are kNoOffset. Behind the gradients stand the partial sums of
// Program::sum_groups, each as large as the gradients.
inline constexpr Bytes kNoOffset = -1;
struct ChunkMemory {
  int32_t chunk;
  Bytes parameters_offset;
  Bytes gradients_offset;
  Bytes optimizer_offset;
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
  Bytes partial_sum_bytes = 0;  // of all partial sums
  int gradient_ratio = 1;       // bytes of gradients for each of parameters; see ChunkCosts

  Bytes gradient_bytes() const { return gradient_ratio * parameter_bytes; }
  Bytes gradient_region_bytes() const { return gradient_bytes() + partial_sum_bytes; }
};

struct DeviceProgram {
  std::vector<Instruction> instructions;  // issue order
  std::vector<int32_t> waits;             // see Instruction; indices into `instructions`
  std::vector<Slot> slots;
  std::vector<ChunkMemory> chunks;  // ascending
  Bytes workspace_offset = 0;       // scratch memory that all compute instructions share
  Bytes workspace_bytes = 0;
  Bytes arena_bytes = 0;  // the size of the device's one allocation, which contains all of the above

  absl::Span<const int32_t> WaitsOf(const Instruction& instruction) const {
    return absl::MakeConstSpan(waits).subspan(instruction.first_wait, instruction.num_waits);
  }
};

// The buffer of a collective. An AllReduce sums it in the first three kinds; the last three are for sharded updates:
//
//   kTiedGradient      the gradient of one parameter that several chunks use (a tied use each)
//   kGradientNorm      the squared gradient norm of each parameter; every device computes the same global norm from it
//   kReplicaGradient   all gradients of one chunk, over its replicas; added as a balanced tree of neighbours
//   kShardedUpdate     the parameters of one chunk, of which each replica has updated one shard (base/shards.h): an
//                      AllGather replaces that of the others by each member's shard
//   kShardGradient     as kReplicaGradient: a ReduceScatter gives each member the sum of the shard that it updates
//   kTiedShards        the gradient of one tied use, of which each replica has the sum of a shard: the part that is in
//                      its shard of the chunk. An AllGather gives all of it to all of them, before kTiedGradient
//
// The gradients of a chunk's replicas are equal once they are summed. So in groups of the first two kinds the first
// replica of a chunk in the group contributes its values, the others contribute zeros, and all receive the sum.
enum class ReduceKind : int8_t {
  kTiedGradient,
  kGradientNorm,
  kReplicaGradient,
  kShardedUpdate,
  kShardGradient,
  kTiedShards
};
inline constexpr int kNumReduceKinds = 6;

// Whether a collective of the kind sums the gradients of a chunk's replicas.
inline bool SumsReplicas(ReduceKind kind) {
  return kind == ReduceKind::kReplicaGradient || kind == ReduceKind::kShardGradient;
}

// Whether every member has all sums in the end: a scatter of sums and a gather are the two halves of it.
inline bool IsWholeSum(ReduceKind kind) {
  return kind != ReduceKind::kShardedUpdate && kind != ReduceKind::kShardGradient && kind != ReduceKind::kTiedShards;
}

struct ReduceGroup {
  ReduceKind kind;
  // The name of the tied parameter. The n-th group of kind kTiedShards with one name and one chunk is of the n-th use
  // of the parameter there.
  std::string name;
  // Indices into ChunkPlacement::replicas(), ascending; the order of summation. With one replica these are chunks. A
  // chunk with several tied uses of the parameter is listed once for each.
  std::vector<int32_t> members;
  Bytes bytes;  // of the buffer on each member
};

struct Program {
  std::string schedule;       // the catalog's name; for messages and reports
  int num_chunks = 0;         // at least 1
  int num_micro_batches = 0;  // of one step; at least 1
  bool forward_only = false;  // evaluation: no backward, no Update
  // Groups of consecutive micro-batches whose gradients are added by a balanced tree; 1 to num_micro_batches, which it
  // divides. Within a group they are added in ascending order. See walk/gradient_folds.h.
  int sum_groups = 1;
  ChunkPlacement placement;  // the device of each replica of each chunk
  std::vector<ReduceGroup> reduce_groups;
  std::vector<DeviceProgram> devices;  // [device]

  int num_devices() const { return static_cast<int>(devices.size()); }
  int SumGroupOf(int micro_batch) const { return micro_batch / (num_micro_batches / sum_groups); }
  // The device that runs the chunk's passes for the micro-batch.
  int32_t DeviceOf(int chunk, int micro_batch) const { return placement.DeviceOf(chunk, micro_batch); }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_PROGRAM_H_
