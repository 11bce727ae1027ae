// A layer that saves nothing except its input: it computes again what its backward pass reads. Used by BuildLayer.
#ifndef BATON_OPS_LAYERS_RECOMPUTED_H_
#define BATON_OPS_LAYERS_RECOMPUTED_H_

#include <memory>
#include <utility>
#include <vector>

#include "ops/layers/layer.h"

namespace baton {

// Owns the inner layer, which must not recompute anything itself. The inner layer's saved and saved_weight are
// recomputed and recomputed_weight of this one; Recompute runs the inner Forward again. Thread contract and lifecycle:
// Layer's.
class Recomputed final : public Layer {
 public:
  explicit Recomputed(std::unique_ptr<Layer> inner) : inner_(std::move(inner)) {}

  const Shape& input_shape() const override { return inner_->input_shape(); }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  // At least kBackwardInput, since Recompute reads the input.
  InputUse input_use() const override {
    return inner_->input_use() == InputUse::kNever ? InputUse::kBackwardInput : inner_->input_use();
  }
  bool weight_needs_grad_output() const override { return inner_->weight_needs_grad_output(); }
  Footprint footprint() const override;
  LayerFlops flops() const override { return inner_->flops(); }
  // The sums of Forward again in front of the backward pass: at most, since the output is not computed again.
  MemberTraffic member_traffic() const override {
    MemberTraffic traffic = inner_->member_traffic();
    traffic.AddForwardToBackward();
    return traffic;
  }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    inner_->BindParameters(values, gradients);
  }
  void Freeze(const std::vector<bool>& frozen) override { inner_->Freeze(frozen); }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->Forward(stream, ToInner(buffers));
  }
  // Writes the output to scratch if buffers.output is null.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  bool recomputes_output() const override { return true; }
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->BackwardInput(stream, ToInner(buffers));
  }
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return inner_->BackwardWeight(stream, ToInner(buffers));
  }

 private:
  // The inner layer's buffers. Scratch begins with room for the output.
  PassBuffers ToInner(const PassBuffers& buffers) const;
  Bytes OutputBytes() const { return inner_->output_shape().empty() ? 0 : AlignUp(output_shape().NumBytes()); }

  const std::unique_ptr<Layer> inner_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_RECOMPUTED_H_
