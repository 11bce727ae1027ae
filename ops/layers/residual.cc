// The passes of Residual: the inner layer's, with one addition inside or after them.
#include "ops/layers/residual.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Residual>> Residual::Create(const Backend& backend, std::unique_ptr<Layer> inner) {
  if (inner->input_shape() != inner->output_shape()) {
    return absl::InvalidArgumentError(absl::StrCat("residual: the layers' output ", inner->output_shape().ToString(),
                                                   " cannot be added to their input ",
                                                   inner->input_shape().ToString()));
  }
  return std::unique_ptr<Residual>(new Residual(backend, std::move(inner)));
}

LayerFlops Residual::flops() const {
  LayerFlops flops = inner_->flops();
  flops.forward += input_shape().NumElements();
  flops.backward_input += input_shape().NumElements();
  return flops;
}

absl::Status Residual::Forward(KernelStream stream, const PassBuffers& buffers) {
  if (inner_->adds_to_output()) {
    PassBuffers inner = buffers;
    inner.addend = buffers.input;
    return inner_->Forward(stream, inner);
  }
  BATON_RETURN_IF_ERROR(inner_->Forward(stream, buffers));
  return backend_.Add(stream, output_shape(), buffers.output, buffers.input, buffers.output);
}

absl::Status Residual::Recompute(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  inner.output = nullptr;
  return inner_->Recompute(stream, inner);
}

absl::Status Residual::BackwardInput(KernelStream stream, const PassBuffers& buffers) {
  if (inner_->adds_to_grad_input()) {
    PassBuffers inner = buffers;
    inner.addend = buffers.grad_output;
    return inner_->BackwardInput(stream, inner);
  }
  BATON_RETURN_IF_ERROR(inner_->BackwardInput(stream, buffers));
  if (buffers.grad_input == nullptr) return absl::OkStatus();
  return backend_.Add(stream, input_shape(), buffers.grad_input, buffers.grad_output, buffers.grad_input);
}

}  // namespace baton
