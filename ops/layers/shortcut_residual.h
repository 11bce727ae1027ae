// shortcut(x) + inner(x) as a Layer. Used by BuildLayer for residual blocks that change the shape.
#ifndef BATON_OPS_LAYERS_SHORTCUT_RESIDUAL_H_
#define BATON_OPS_LAYERS_SHORTCUT_RESIDUAL_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"

namespace baton {

// Owns both branches; `backend` must outlive this. Each region is the inner layer's part, then the shortcut's. Scratch
// begins with the shortcut's output, or its gradient of the input; then comes what the branches use in turn. The
// parameters of the inner layer come first. Thread contract and lifecycle: Layer's.
class ShortcutResidual final : public Layer {
 public:
  // Errors: InvalidArgument if the branches' outputs differ in shape.
  static absl::StatusOr<std::unique_ptr<ShortcutResidual>> Create(const Backend& backend, std::unique_ptr<Layer> inner,
                                                                  std::unique_ptr<Layer> shortcut);

  const Shape& input_shape() const override { return inner_->input_shape(); }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override;
  InputUse input_use() const override;
  bool weight_needs_grad_output() const override {
    return inner_->weight_needs_grad_output() || shortcut_->weight_needs_grad_output();
  }
  Footprint footprint() const override;
  LayerFlops flops() const override;
  MemberTraffic member_traffic() const override {
    MemberTraffic sum = inner_->member_traffic();
    sum.Add(shortcut_->member_traffic());
    return sum;
  }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override;
  void Freeze(const std::vector<bool>& frozen) override;

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override;
  // Runs the branches' Recompute. Does not compute the sum again.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override;

 private:
  ShortcutResidual(const Backend& backend, std::unique_ptr<Layer> inner, std::unique_ptr<Layer> shortcut)
      : backend_(backend), inner_(std::move(inner)), shortcut_(std::move(shortcut)) {}

  // Room for one tensor of the shortcut at the begin of scratch.
  Bytes TensorBytes() const;
  PassBuffers ToInner(const PassBuffers& buffers) const;
  PassBuffers ToShortcut(const PassBuffers& buffers) const;

  const Backend& backend_;
  const std::unique_ptr<Layer> inner_;
  const std::unique_ptr<Layer> shortcut_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SHORTCUT_RESIDUAL_H_
