// Layers one after the other, as one Layer: what a chunk of the pipeline runs, and what blocks are made of. Used by
// BuildLayer and runtime/train.
//
//             input ─▶ L0 ─▶ a1 ─▶ L1 ─▶ a2 ─▶ L2 ─▶ output
//        grad_input ◀─ L0 ◀─ g0 ◀─ L1 ◀─ g1 ◀─ L2 ◀─ grad_output
//
// The activation that feeds Li (i > 0) is kept in saved_weight if Li.input_use() is kBackwardWeight, in saved if it is
// kBackwardInput, else in scratch; in recomputed_weight and recomputed instead if L(i−1) makes its output again
// (recomputes_output). The gradient of Li's output (i < n − 1) is kept in stash if
// Li.weight_needs_grad_output(), else in scratch. Each region is the sum over the layers of what they need of it,
// except that scratch holds only the largest need of any one layer beside what is kept there. The planner relies on
// these rules (LayerCosts::keep_*), which make a chunk's memory a sum over its layers.
#ifndef BATON_OPS_LAYERS_SEQUENCE_H_
#define BATON_OPS_LAYERS_SEQUENCE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"

namespace baton {

// Owns its layers. Thread contract and lifecycle: as Layer's.
class Sequence final : public Layer {
 public:
  // Errors: InvalidArgument if there is no layer, shapes do not follow on each other, or a loss is not the last.
  static absl::StatusOr<std::unique_ptr<Sequence>> Create(std::vector<std::unique_ptr<Layer>> layers);

  const Shape& input_shape() const override { return layers_.front()->input_shape(); }
  const Shape& output_shape() const override { return layers_.back()->output_shape(); }
  // Those of each layer in turn; a tied one appears once for each layer that names it.
  std::vector<ParameterSpec> parameters() const override;
  InputUse input_use() const override { return layers_.front()->input_use(); }
  bool weight_needs_grad_output() const override { return layers_.back()->weight_needs_grad_output(); }
  bool adds_to_output() const override { return layers_.back()->adds_to_output(); }
  bool adds_to_grad_input() const override { return layers_.front()->adds_to_grad_input(); }
  Footprint footprint() const override { return footprint_; }
  LayerFlops flops() const override;
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override;

  absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) override;
  // Each layer's in turn, first to last. The output of the last one is not made again.
  absl::Status Recompute(KernelStream stream, const LayerBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) override;
  absl::Status BackwardWeight(KernelStream stream, const LayerBuffers& buffers) override;

 private:
  enum class Region : int8_t { kSaved, kSavedWeight, kStash, kScratch, kRecomputed, kRecomputedWeight };
  struct Place {
    Region region = Region::kScratch;
    Bytes offset = 0;
  };
  struct Placement {
    Place input;        // of the activation that feeds the layer; unused for the first
    Place grad_output;  // of the gradient of its output; unused for the last
    Footprint offsets;  // of the layer's own parts in each region but scratch
  };

  explicit Sequence(std::vector<std::unique_ptr<Layer>> layers);
  // All but the addend.
  LayerBuffers BuffersOf(int index, const LayerBuffers& buffers) const;
  static bool IsRecomputed(const Place& place) {
    return place.region == Region::kRecomputed || place.region == Region::kRecomputedWeight;
  }
  static std::byte* Resolve(const Place& place, const LayerBuffers& buffers);

  const std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Placement> placements_;  // one a layer
  Bytes inner_scratch_offset_ = 0;
  Footprint footprint_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SEQUENCE_H_
