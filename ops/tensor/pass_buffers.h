// The buffers of one pass of one micro-batch. The executor sets them from an instruction's slots, stage modules hand
// them on, layers read and write them.
#ifndef BATON_OPS_TENSOR_PASS_BUFFERS_H_
#define BATON_OPS_TENSOR_PASS_BUFFERS_H_

#include <cstddef>
#include <cstdint>

namespace baton {

class MemberGroup;  // ops/layers/member_group.h

// Facts that all passes of a step share, for layers that differ between training and evaluation or draw random
// numbers. In memory that host and device share: a captured step reads what the host wrote last.
struct StepContext {
  bool training = false;  // false: an evaluation, which drops nothing and uses running statistics
  uint64_t seed = 0;      // of the run
  int64_t step = 0;       // from 0
};

// Addresses in the device's arena, each kBufferAlignment-aligned; tensors are row-major. Valid for one pass. A buffer
// that the pass does not use is null. A layer's Footprint states the sizes in bytes and how long the contents must
// live.
//
//   pass             reads                                                   writes
//   Forward          input, targets, addend                                  output, saved, saved_weight, recomputed,
//                                                                            recomputed_weight, loss
//   Recompute        input, targets, saved, saved_weight                     recomputed, recomputed_weight, output if
//                                                                            Layer::recomputes_output()
//   BackwardInput    input unless Layer::input_use() is kNever, saved,       grad_input unless null, stash
//                    saved_weight, recomputed, recomputed_weight,
//                    grad_output, addend; output after
//                    Layer::ExpectOutput
//   BackwardWeight   input if Layer::input_use() is kBackwardWeight,         adds to the gradients of parameters
//                    saved_weight, recomputed_weight, stash, grad_output
//                    if Layer::weight_needs_grad_output()
//   Backward         as BackwardInput, then BackwardWeight, layer by layer; it has no stash of its own, but puts that
//                    of one layer at a time into scratch. In BackwardInput a layer may then also do what BackwardWeight
//                    does, which then does nothing
//
// Every pass may overwrite scratch. No pass changes a buffer that it only reads.
struct PassBuffers {
  const std::byte* input = nullptr;    // activations, or the model's inputs
  const std::byte* targets = nullptr;  // i32 ids of classes or tokens, for a loss
  std::byte* output = nullptr;         // activations; null for a loss
  std::byte* saved = nullptr;          // live from Forward to BackwardInput
  std::byte* saved_weight = nullptr;   // live from Forward to BackwardWeight
  std::byte* stash = nullptr;          // live from BackwardInput to BackwardWeight
  // Live as saved and saved_weight, but Recompute writes the same bits again, so that they may be dropped before it.
  std::byte* recomputed = nullptr;
  std::byte* recomputed_weight = nullptr;
  const std::byte* grad_output = nullptr;  // the gradient of the loss by the output
  std::byte* grad_input = nullptr;         // the gradient of the loss by the input; null: not wanted
  std::byte* scratch = nullptr;            // the workspace; contents are unspecified before and after the pass

  // The executor leaves the fields below null.

  // Set by a composite layer. Forward adds it to output if Layer::adds_to_output(); BackwardInput adds it to grad_input
  // if Layer::adds_to_grad_input(). Has their shape; null: nothing is added.
  const std::byte* addend = nullptr;
  // Set by the stage module, in memory that host and device share. Written by the Forward of a loss: the sum over its
  // rows, divided by the batch's rows.
  double* loss = nullptr;
  // Set by the stage module for every pass. Null: an evaluation.
  const StepContext* step = nullptr;
  // Set by the stage module: the number, in the step's batch, of the micro-batch's first sequence or example.
  int64_t first_sequence = 0;
  // Set by Layer::Backward: BackwardInput and BackwardWeight follow each other with the same buffers.
  bool is_whole_backward = false;
  // Set by the stage module: the other members that compute the same passes on their parts of the parameters. Null: the
  // layers have whole parameters, or sums over members are left out (to time a layer).
  MemberGroup* members = nullptr;
};

}  // namespace baton

#endif  // BATON_OPS_TENSOR_PASS_BUFFERS_H_
