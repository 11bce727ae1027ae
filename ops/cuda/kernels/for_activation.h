// Picks the formula of an activation, so that a kernel is compiled for each. Used by kernels/elementwise.cu and
// kernels/gate.cu.
#ifndef BATON_OPS_CUDA_KERNELS_FOR_ACTIVATION_H_
#define BATON_OPS_CUDA_KERNELS_FOR_ACTIVATION_H_

#include "absl/status/status.h"
#include "ops/cuda/formulas/activation.h"
#include "ops/layers/spec.h"

namespace baton {

// Returns function(formula), where `formula` is a value of the type for `kind`.
template <typename Function>
absl::Status ForActivation(ActivationKind kind, Function function) {
  switch (kind) {
    case ActivationKind::kRelu:
      return function(ReluFormula{});
    case ActivationKind::kGelu:
      return function(GeluFormula{});
    case ActivationKind::kGeluTanh:
      return function(GeluTanhFormula{});
    case ActivationKind::kSilu:
      return function(SiluFormula{});
  }
  return absl::InternalError("no such activation");
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_FOR_ACTIVATION_H_
