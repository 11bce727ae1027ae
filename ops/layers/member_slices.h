// Layers that compute whole rows between layers that compute each member's slice of the rows, as one Layer: sequence
// parallelism. Used by BuildLayer.
//
//   Forward          slice ─▶ gather ─▶ layers ─▶ part ─▶ sum, scattered ─▶ slice
//   BackwardInput    slice ◀─ sum, scattered ◀─ part ◀─ layers ◀─ gather ◀─ slice
//
// Source: Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", section 4.2.2,
// where the two ends are the operators g and ḡ.
#ifndef BATON_OPS_LAYERS_MEMBER_SLICES_H_
#define BATON_OPS_LAYERS_MEMBER_SLICES_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Owns the inner layer. Only slices of its input and output live between passes: BackwardInput gathers the input again,
// and keeps it in the stash with the gathered gradient. Without PassBuffers::members the
// slices of other members are copies of this one's, to time the layer. Thread contract and lifecycle: Layer's.
class MemberSlices final : public Layer {
 public:
  // `backend` must outlive this. `input`: of one member; a slice unless spec.input is kWhole. `inner`: of the input
  // WholeInput(spec, input). Errors: InvalidArgument if the rows of the input are not those of the spec, or those of
  // the output cannot be cut.
  static absl::StatusOr<std::unique_ptr<MemberSlices>> Create(const Backend& backend, const MemberSlicesSpec& spec,
                                                              const Shape& input, std::unique_ptr<Layer> inner);
  // The input of spec.layers. Errors: InvalidArgument if `input` is not a slice of the spec's rows.
  static absl::StatusOr<Shape> WholeInput(const MemberSlicesSpec& spec, const Shape& input);

  const Shape& input_shape() const override { return input_shape_; }
  const Shape& output_shape() const override { return output_shape_; }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  InputUse input_use() const override;
  bool weight_needs_grad_output() const override { return !IsCut() && inner_->weight_needs_grad_output(); }
  bool adds_to_output() const override { return !IsCut() && inner_->adds_to_output(); }
  bool adds_to_grad_input() const override { return !gathers_ && inner_->adds_to_grad_input(); }
  Footprint footprint() const override;
  LayerFlops flops() const override { return inner_->flops(); }
  MemberTraffic member_traffic() const override;
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    inner_->BindParameters(values, gradients);
  }
  void Freeze(const std::vector<bool>& frozen) override { inner_->Freeze(frozen); }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override;
  // Does not compute the output again.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override;

 private:
  // Offsets of whole rows in the stash and scratch, behind what the inner layer has there.
  struct Places {
    Bytes stashed_input = 0, stashed_gradient = 0, stash_end = 0;
    Bytes forward_input = 0, forward_output = 0;
    Bytes backward_input = 0, backward_gradient = 0, grad_input = 0, scratch_end = 0;
  };

  MemberSlices(const Backend& backend, const MemberSlicesSpec& spec, const Shape& input, const Shape& output,
               std::unique_ptr<Layer> inner);
  bool IsCut() const { return output_ != MemberSlicesSpec::Output::kWhole; }
  bool KeepsInput() const { return gathers_ && inner_->input_use() == InputUse::kBackwardWeight; }
  bool ReadsInput() const { return gathers_ && inner_->input_use() != InputUse::kNever; }
  // Whether Recompute reads the input: it does not if the first of the inner layers recomputes nothing.
  bool RecomputesFirst() const {
    return gathers_ && recomputes_first_ && inner_footprint_.recomputed + inner_footprint_.recomputed_weight > 0;
  }
  bool KeepsGradient() const { return IsCut() && inner_->weight_needs_grad_output(); }
  Places FindPlaces() const;
  absl::Status Gather(KernelStream stream, const PassBuffers& buffers, const Shape& slice, const std::byte* own,
                      std::byte* whole) const;
  absl::Status SumScatter(KernelStream stream, const PassBuffers& buffers, const Shape& slice, const std::byte* whole,
                          std::byte* own) const;
  absl::Status CopyOwnRows(KernelStream stream, const Shape& slice, const std::byte* whole, std::byte* own) const;

  const Backend& backend_;
  const bool gathers_;
  const bool sums_grad_input_;
  const bool recomputes_first_;
  const MemberSlicesSpec::Output output_;
  const int num_members_;
  const int member_;
  const Shape input_shape_;
  const Shape output_shape_;
  const std::unique_ptr<Layer> inner_;
  const Footprint inner_footprint_;
  const Places places_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_MEMBER_SLICES_H_
