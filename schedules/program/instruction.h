// The instruction set: what a device's worker can be told to do. Used by lower (writes it), validate, simulate,
// report and runtime/execute (read it).
//
// One struct an operation in a std::variant that is matched exhaustively, so that the compiler lists every consumer
// when one is added. An instruction names its chunk (a run of consecutive layers; what PyTorch's text form numbers as a
// stage), its micro-batch, and the buffer slots that it reads and writes: slots are assigned by the compiler like
// registers, so peak memory is known before launch and nothing is allocated in a step.
//
// A device's instructions form one list in issue order. Each belongs to a lane:
//
//   compute            Load Forward Backward BackwardInput BackwardWeight Recompute AllReduce Update
//   send to peer q     Send          one lane for each peer, in order
//   receive from q     Recv          one lane for each peer, in order
//
// An instruction begins when its lane's predecessor is done (for transfers: matched) and when every instruction that it
// names as a wait is done. Waits name earlier instructions of the same device. The n-th Send to a peer meets the n-th
// Recv from this device over there (rendezvous): the transfer begins when both have begun, and both end with it.
#ifndef BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_
#define BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_

#include <cstdint>
#include <variant>

namespace baton {

// Index into DeviceProgram::slots.
using SlotId = int32_t;
inline constexpr SlotId kNoSlot = -1;

// What a Load brings: the model's inputs (first chunk) or the targets of its loss (last chunk).
enum class DataKind : int8_t { kInputs, kTargets };

// What a transfer carries: an activation to the next chunk or its gradient to the previous one.
enum class Payload : int8_t { kActivation, kGradient };

// Copies one micro-batch of data from the host into `slot`.
struct Load {
  int32_t chunk;
  int32_t micro_batch;
  DataKind kind;
  SlotId slot;
};

// Runs the chunk's layers. Reads `input` (and `targets` in the last chunk), writes `output` (none in the last chunk)
// and what the backward pass will read: `saved`, needed until backward-input, and `saved_weight`, needed until
// backward-weight; likewise `recomputed` and `recomputed_weight`, but that these need not be kept where a Recompute
// makes them again. Only chunks that can recompute have those two.
struct Forward {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId targets;
  SlotId output;
  SlotId saved;
  SlotId saved_weight;
  SlotId recomputed = kNoSlot;
  SlotId recomputed_weight = kNoSlot;
};

// Both halves of the backward pass at once. Reads what Forward read and saved and `grad_output` (none in the last
// chunk), writes `grad_input` (none in the first chunk), adds to the chunk's parameter gradients.
struct Backward {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId targets;
  SlotId saved;
  SlotId saved_weight;
  SlotId grad_output;
  SlotId grad_input;
  SlotId recomputed = kNoSlot;
  SlotId recomputed_weight = kNoSlot;
};

// The half that the previous chunk waits for. Writes `grad_input`, and into `stash` the gradients inside the chunk that
// the other half needs. Parameter gradients are untouched.
struct BackwardInput {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId targets;
  SlotId saved;
  SlotId saved_weight;
  SlotId grad_output;
  SlotId grad_input;
  SlotId stash;
  SlotId recomputed = kNoSlot;
  SlotId recomputed_weight = kNoSlot;
};

// The half that nobody waits for: adds to the chunk's parameter gradients.
struct BackwardWeight {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId saved_weight;
  SlotId grad_output;
  SlotId stash;
  SlotId recomputed_weight = kNoSlot;
};

// Makes again what Forward wrote into `recomputed` and `recomputed_weight`, bit for bit, so that their memory serves
// other micro-batches between the two (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Reads what
// Forward read and kept.
struct Recompute {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId targets;
  SlotId saved;
  SlotId saved_weight;
  SlotId recomputed;
  SlotId recomputed_weight;
};

// Sends `slot` to device `peer`: the output of `chunk`'s Forward or the grad_input of its backward.
struct Send {
  int32_t chunk;
  int32_t micro_batch;
  Payload payload;
  int32_t peer;
  SlotId slot;
};

// Receives into `slot` from device `peer`: the input of `chunk`'s Forward or the grad_output of its backward.
struct Recv {
  int32_t chunk;
  int32_t micro_batch;
  Payload payload;
  int32_t peer;
  SlotId slot;
};

// Sums a buffer over the chunks of Program::reduce_groups[group]; every device that holds one of them takes part with
// one AllReduce and goes on when all have arrived.
struct AllReduce {
  int32_t group;
};

// The optimizer's update of the chunk's parameters; leaves their gradients zero.
struct Update {
  int32_t chunk;
};

using Operation =
    std::variant<Load, Forward, Backward, BackwardInput, BackwardWeight, Recompute, Send, Recv, AllReduce, Update>;

// An operation and the instructions that it waits for: DeviceProgram::waits[first_wait, first_wait + num_waits).
struct Instruction {
  Operation operation;
  uint32_t first_wait = 0;
  uint32_t num_waits = 0;
};

// For std::visit with one lambda an operation.
template <typename... Lambdas>
struct Overloaded : Lambdas... {
  using Lambdas::operator()...;
};
template <typename... Lambdas>
Overloaded(Lambdas...) -> Overloaded<Lambdas...>;

// True for an instruction of the compute lane.
inline bool IsCompute(const Operation& operation) {
  return !std::holds_alternative<Send>(operation) && !std::holds_alternative<Recv>(operation);
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_
