// A layer whose input is each example as one row of features, whatever the example's shape. Used by BuildLayer for
// linear layers behind images.
#ifndef BATON_OPS_LAYERS_FLATTENED_H_
#define BATON_OPS_LAYERS_FLATTENED_H_

#include <memory>
#include <utility>
#include <vector>

#include "ops/layers/layer.h"

namespace baton {

// Owns the inner layer, whose input has as many elements as `input`. Nothing is copied: tensors are row-major. Thread
// contract and lifecycle: Layer's.
class Flattened final : public Layer {
 public:
  Flattened(std::unique_ptr<Layer> inner, Shape input) : inner_(std::move(inner)), input_shape_(std::move(input)) {}

  const Shape& input_shape() const override { return input_shape_; }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  InputUse input_use() const override { return inner_->input_use(); }
  bool weight_needs_grad_output() const override { return inner_->weight_needs_grad_output(); }
  bool adds_to_output() const override { return inner_->adds_to_output(); }
  bool adds_to_grad_input() const override { return inner_->adds_to_grad_input(); }
  Footprint footprint() const override { return inner_->footprint(); }
  LayerFlops flops() const override { return inner_->flops(); }
  MemberTraffic member_traffic() const override { return inner_->member_traffic(); }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    inner_->BindParameters(values, gradients);
  }
  void Freeze(const std::vector<bool>& frozen) override { inner_->Freeze(frozen); }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->Forward(stream, buffers);
  }
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->Recompute(stream, buffers);
  }
  bool recomputes_output() const override { return inner_->recomputes_output(); }
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->BackwardInput(stream, buffers);
  }
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->BackwardWeight(stream, buffers);
  }

 private:
  const std::unique_ptr<Layer> inner_;
  const Shape input_shape_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_FLATTENED_H_
