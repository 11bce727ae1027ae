// Layers whose results are parts of a sum over the members of a tensor-parallel group, as one Layer. Used by
// BuildLayer.
//
//   Forward          input ─▶ layers ─▶ part ─▶ sum over members ─▶ output
//   BackwardInput    grad_input ◀─ sum over members ◀─ part ◀─ layers ◀─ grad_output
//
// Source: Shoeybi et al. 2019, "Megatron-LM", section 3, where the two sums are the operators g and f.
#ifndef BATON_OPS_LAYERS_MEMBER_SUM_H_
#define BATON_OPS_LAYERS_MEMBER_SUM_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"

namespace baton {

// Owns the inner layer. Sums in place, and needs no memory besides the inner layer's, except that a sum of gradients
// keeps them in scratch meanwhile. Without PassBuffers::members it leaves the sums out. Thread contract and lifecycle:
// Layer's.
class MemberSum final : public Layer {
 public:
  // `backend` must outlive this. Errors: InvalidArgument if the output of a loss is to be summed, or nothing is.
  static absl::StatusOr<std::unique_ptr<MemberSum>> Create(const Backend& backend, const MemberSumSpec& spec,
                                                           std::unique_ptr<Layer> inner);

  const Shape& input_shape() const override { return inner_->input_shape(); }
  const Shape& output_shape() const override { return inner_->output_shape(); }
  std::vector<ParameterSpec> parameters() const override { return inner_->parameters(); }
  InputUse input_use() const override { return inner_->input_use(); }
  bool weight_needs_grad_output() const override { return inner_->weight_needs_grad_output(); }
  // False where parts are summed: an addend would be added once for each member.
  bool adds_to_output() const override { return !output_ && inner_->adds_to_output(); }
  bool adds_to_grad_input() const override { return !grad_input_ && inner_->adds_to_grad_input(); }
  Footprint footprint() const override;
  LayerFlops flops() const override { return inner_->flops(); }
  MemberTraffic member_traffic() const override;
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override;

  void Freeze(const std::vector<bool>& frozen) override { inner_->Freeze(frozen); }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override;
  // Does not compute the output again.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override;

 private:
  MemberSum(const Backend& backend, const MemberSumSpec& spec, std::unique_ptr<Layer> inner);

  PassBuffers OfInner(const PassBuffers& buffers) const;

  const Backend& backend_;
  const bool output_;
  const bool grad_input_;
  const bool gradients_;
  const std::unique_ptr<Layer> inner_;
  const Bytes inner_scratch_;
  std::vector<Shape> shapes_;              // of the parameters, if their gradients are summed
  std::vector<std::byte*> own_gradients_;  // [parameter], likewise
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_MEMBER_SUM_H_
