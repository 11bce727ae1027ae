// The instruction set of a device's worker. Written by lower; read by validate, simulate, analyze and runtime/execute.
//
// Each operation is a struct of a std::variant that is matched exhaustively, so the compiler lists every consumer when
// an operation is added. An instruction names its chunk (a run of consecutive layers, which PyTorch's text form calls a
// stage), its micro-batch, and the slots that it reads and writes. The lowering assigns slots as a compiler assigns
// registers, so peak memory is known before launch and a step allocates nothing. docs/instruction_set.md has a table.
//
//     const Instruction& instruction = device.instructions[2];
//     std::visit(Overloaded{
//                    [](const Send& send) { LOG(INFO) << "sends slot " << send.slot << " to device " << send.peer; },
//                    [](const auto& other) { LOG(INFO) << "runs on the compute lane or receives"; },
//                },
//                instruction.operation);
//     for (int32_t wait : device.WaitsOf(instruction)) …      // indices of earlier instructions of the device
//
// A device's instructions form one list in issue order. Each belongs to a lane:
//
//   compute            Load Forward Backward BackwardInput BackwardWeight Recompute Update
//   send to peer q     Send          one lane for each peer, in order
//   receive from q     Recv          one lane for each peer, in order
//   group g            AllReduce ReduceScatter AllGather    one lane for each reduce group, in order
//
// An instruction begins when its lane's predecessor is done (for transfers: matched) and when every instruction that it
// names as a wait is done. Waits name earlier instructions of the same device. The n-th Send to a peer matches the n-th
// Recv from this device on the peer (rendezvous): the transfer begins when both are posted, and both end with it. The
// n-th collective of a group on one device matches the n-th on every other device of the group. Transfers and
// collectives run beside the compute lane, which waits for one only where an instruction names it.
//
// Fields common to the operations below: 0 ≤ chunk < Program::num_chunks; 0 ≤ micro_batch < Program::num_micro_batches;
// 0 ≤ peer < number of devices; a SlotId is an index into the device's slots, or kNoSlot where the operation has no
// such operand. structure.h checks these ranges.
#ifndef BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_
#define BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_

#include <cstdint>
#include <variant>

namespace baton {

// Index into DeviceProgram::slots.
using SlotId = int32_t;
inline constexpr SlotId kNoSlot = -1;

// The data that a Load copies: the model's inputs (first chunk) or the targets of its loss (last chunk).
enum class DataKind : int8_t { kInputs, kTargets };

// The data that a transfer carries: an activation to the next chunk or its gradient to the previous one.
enum class Payload : int8_t { kActivation, kGradient };

// Copies one micro-batch of data from the host into `slot`.
struct Load {
  int32_t chunk;
  int32_t micro_batch;
  DataKind kind;
  SlotId slot;
};

// Runs the chunk's layers. Reads `input` (and `targets` in the last chunk). Writes `output` (none in the last chunk)
// and the buffers that the backward pass reads: `saved` is live until backward-input, `saved_weight` until
// backward-weight. Chunks that can recompute also have `recomputed` and `recomputed_weight`, with the same two
// lifetimes; where a Recompute writes them again, they are not live in between.
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

// Both halves of the backward pass at once. Reads the operands that Forward read and saved, and `grad_output` (none in
// the last chunk). Writes `grad_input` (none in the first chunk). Adds to the chunk's parameter gradients.
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

// The input half of the backward pass, on which the previous chunk depends. Writes `grad_input`, and into `stash` the
// gradients inside the chunk that BackwardWeight reads. Parameter gradients are untouched.
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

// The weight half of the backward pass: adds to the chunk's parameter gradients. No other chunk depends on it, so a
// schedule may delay it to fill idle time.
struct BackwardWeight {
  int32_t chunk;
  int32_t micro_batch;
  SlotId input;
  SlotId saved_weight;
  SlotId grad_output;
  SlotId stash;
  SlotId recomputed_weight = kNoSlot;
};

// Writes `recomputed` and `recomputed_weight` again, bit for bit as Forward did, so that other micro-batches can use
// their memory in between. Reads the operands that Forward read and saved.
// Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
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

// Sums a buffer over the members of Program::reduce_groups[group], in the order of members, and writes the sum to every
// member. Each device with a member issues one AllReduce; all begin when the last one's waits are over. Lane: the
// group's.
struct AllReduce {
  int32_t group;
};

// Runs the optimizer on the chunk's parameters and sets their gradients to zero.
struct Update {
  int32_t chunk;
};

// Copies each member's shard (base/shards.h) to all other members of Program::reduce_groups[group]: in a group of kind
// kShardedUpdate that of the parameters, which the step before has updated; in one of kind kTiedShards that of a tied
// use's gradient, which a ReduceScatter has summed. Begins and ends as an AllReduce does. Lane: the group's.
struct AllGather {
  int32_t group;
};

// Sums the gradients of a chunk over the members of Program::reduce_groups[group], a group of kind kShardGradient, as
// an AllReduce does; each member gets the sum of its shard (base/shards.h), and the rest of its gradients is
// unspecified until its Update. Begins and ends as an AllReduce does. Lane: the group's.
struct ReduceScatter {
  int32_t group;
};

using Operation = std::variant<Load, Forward, Backward, BackwardInput, BackwardWeight, Recompute, Send, Recv, AllReduce,
                               Update, AllGather, ReduceScatter>;

// An operation and its waits, DeviceProgram::waits[first_wait, first_wait + num_waits).
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

// The reduce group of a collective; -1 for all other operations.
inline int32_t GroupOf(const Operation& operation) {
  if (const AllReduce* reduce = std::get_if<AllReduce>(&operation)) return reduce->group;
  if (const AllGather* gather = std::get_if<AllGather>(&operation)) return gather->group;
  if (const ReduceScatter* reduce = std::get_if<ReduceScatter>(&operation)) return reduce->group;
  return -1;
}

// True for AllReduce, ReduceScatter and AllGather.
inline bool IsCollective(const Operation& operation) {
  return std::holds_alternative<AllReduce>(operation) || std::holds_alternative<ReduceScatter>(operation) ||
         std::holds_alternative<AllGather>(operation);
}

// True for Send and Recv.
inline bool IsTransfer(const Operation& operation) {
  return std::holds_alternative<Send>(operation) || std::holds_alternative<Recv>(operation);
}

// True for an instruction of the compute lane.
inline bool IsCompute(const Operation& operation) { return !IsTransfer(operation) && !IsCollective(operation); }

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_INSTRUCTION_H_
