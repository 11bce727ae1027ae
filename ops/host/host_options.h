// Choices that the layers of a host backend share.
#ifndef BATON_OPS_HOST_HOST_OPTIONS_H_
#define BATON_OPS_HOST_HOST_OPTIONS_H_

#include "ops/tensor/shape.h"

namespace baton {

struct HostOptions {
  int threads = 1;  // of a call, at least 1
  // The type in which linear layers multiply: kFloat32, or kBFloat16, which rounds both operands and sums in f32.
  // Everything else is f32.
  DataType products = DataType::kFloat32;
  // Head and loss are one layer in blocks, where all logits would take more than 8 MiB (head_loss.h). Saves memory, and
  // costs a product more in a backward pass.
  bool head_in_blocks = false;
  // Parameters are f32 that hold numbers of bf16, to which each update rounds them.
  bool rounds_parameters = false;
};

}  // namespace baton

#endif  // BATON_OPS_HOST_HOST_OPTIONS_H_
