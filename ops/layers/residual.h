// x + inner(x) as a Layer. Used by BuildLayer for the two halves of a transformer block and residual linear blocks.
#ifndef BATON_OPS_LAYERS_RESIDUAL_H_
#define BATON_OPS_LAYERS_RESIDUAL_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"

namespace baton {

// Owns the inner layer. The inner layer adds the input if it can (adds_to_output); otherwise `backend` does, which must
// outlive this. Needs no memory besides the inner layer's. Thread contract and lifecycle: Layer's.
class Residual final : public Layer {
 public:
  // Errors: InvalidArgument if the inner layer's input and output differ in shape.
  static absl::StatusOr<std::unique_ptr<Residual>> Create(const Backend& backend, std::unique_ptr<Layer> inner);

  const Shape& input_shape() const override { return inner_->input_shape(); }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  InputUse input_use() const override { return inner_->input_use(); }
  bool weight_needs_grad_output() const override { return inner_->weight_needs_grad_output(); }
  Footprint footprint() const override { return inner_->footprint(); }
  LayerFlops flops() const override;
  MemberTraffic member_traffic() const override { return inner_->member_traffic(); }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    inner_->BindParameters(values, gradients);
  }
  void Freeze(const std::vector<bool>& frozen) override { inner_->Freeze(frozen); }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override;
  // Runs the inner layer's Recompute. Does not compute the sum again.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->BackwardWeight(stream, buffers);
  }

 private:
  Residual(const Backend& backend, std::unique_ptr<Layer> inner) : backend_(backend), inner_(std::move(inner)) {}

  const Backend& backend_;
  const std::unique_ptr<Layer> inner_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_RESIDUAL_H_
