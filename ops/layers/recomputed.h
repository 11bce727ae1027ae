// A layer that keeps nothing but its input: what it saves for the backward pass is computed again. Used by BuildLayer.
#ifndef BATON_OPS_LAYERS_RECOMPUTED_H_
#define BATON_OPS_LAYERS_RECOMPUTED_H_

#include <memory>
#include <utility>
#include <vector>

#include "ops/layers/layer.h"

namespace baton {

// Owns the inner layer, which must not recompute anything itself. Everything that it saves goes to recomputed and
// recomputed_weight; Recompute runs its Forward again. Thread contract and lifecycle: as Layer's.
class Recomputed final : public Layer {
 public:
  explicit Recomputed(std::unique_ptr<Layer> inner) : inner_(std::move(inner)) {}

  const Shape& input_shape() const override { return inner_->input_shape(); }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  // Recompute reads it, which comes before BackwardInput.
  InputUse input_use() const override {
    return inner_->input_use() == InputUse::kNever ? InputUse::kBackwardInput : inner_->input_use();
  }
  bool weight_needs_grad_output() const override { return inner_->weight_needs_grad_output(); }
  Footprint footprint() const override;
  LayerFlops flops() const override { return inner_->flops(); }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    inner_->BindParameters(values, gradients);
  }

  absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) override {
    return inner_->Forward(stream, ToInner(buffers));
  }
  // An output that nobody asks for goes to scratch.
  absl::Status Recompute(KernelStream stream, const LayerBuffers& buffers) override;
  bool recomputes_output() const override { return true; }
  absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) override {
    return inner_->BackwardInput(stream, ToInner(buffers));
  }
  absl::Status BackwardWeight(KernelStream stream, const LayerBuffers& buffers) override {
    return inner_->BackwardWeight(stream, ToInner(buffers));
  }

 private:
  // The buffers as the inner layer calls them; the output's place in scratch comes first.
  LayerBuffers ToInner(const LayerBuffers& buffers) const;
  Bytes OutputBytes() const { return inner_->output_shape().empty() ? 0 : AlignUp(output_shape().NumBytes()); }

  const std::unique_ptr<Layer> inner_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_RECOMPUTED_H_
