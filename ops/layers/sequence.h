// Layers one after another as one Layer. A chunk of the pipeline is a Sequence, and so is the inside of a block. Used
// by BuildLayer and runtime/train.
//
//             input ─▶ L0 ─▶ a1 ─▶ L1 ─▶ a2 ─▶ L2 ─▶ output
//        grad_input ◀─ L0 ◀─ g0 ◀─ L1 ◀─ g1 ◀─ L2 ◀─ grad_output
//
// The input of Li (i > 0) is placed by Li.input_use():
//
//   kBackwardWeight   saved_weight; recomputed_weight if L(i−1).recomputes_output()
//   kBackwardInput    saved; recomputed if L(i−1).recomputes_output()
//   kNever            scratch
//
// Unless it is in scratch, L(i−1) also has it in its BackwardInput (Layer::ExpectOutput). The gradient of Li's output
// (i < n − 1) is in stash if Li.weight_needs_grad_output(), else in scratch. The size of a region is the sum of these
// and of the layers' own needs; of scratch, the layers share the largest need of any one. In scratch the inputs come
// first, then that largest need, then the gradients, which a Forward does not touch. Planning relies on these rules
// (LayerCosts::keep_*), which make a chunk's memory a sum over its layers.
#ifndef BATON_OPS_LAYERS_SEQUENCE_H_
#define BATON_OPS_LAYERS_SEQUENCE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"

namespace baton {

// Owns its layers. Thread contract and lifecycle: Layer's.
class Sequence final : public Layer {
 public:
  // Errors: InvalidArgument if there is no layer, a layer's output does not fit the next layer's input, or a loss is
  // not the last layer.
  static absl::StatusOr<std::unique_ptr<Sequence>> Create(std::vector<std::unique_ptr<Layer>> layers);

  const Shape& input_shape() const override { return layers_.front()->input_shape(); }
  const Shape& output_shape() const override { return layers_.back()->output_shape(); }
  // The parameters of all layers, in their order. A tied parameter appears once for each use.
  std::vector<ParameterSpec> parameters() const override;
  InputUse input_use() const override { return layers_.front()->input_use(); }
  bool weight_needs_grad_output() const override { return layers_.back()->weight_needs_grad_output(); }
  bool adds_to_output() const override { return layers_.back()->adds_to_output(); }
  bool adds_to_grad_input() const override { return layers_.front()->adds_to_grad_input(); }
  Footprint footprint() const override { return footprint_; }
  LayerFlops flops() const override;
  MemberTraffic member_traffic() const override;
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override;
  void Freeze(const std::vector<bool>& frozen) override;

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override;
  // Runs Recompute of each layer, first to last. Does not compute the last layer's output again.
  absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) override;
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override;
  // Leaves frozen layers out.
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override;
  // Layer by layer, so that scratch holds one layer's stash and two gradients at a time.
  absl::Status Backward(KernelStream stream, const PassBuffers& buffers) override;
  Bytes backward_scratch() const override { return stash_offset_ + largest_stash_; }

 private:
  enum class Region : int8_t { kSaved, kSavedWeight, kStash, kScratch, kRecomputed, kRecomputedWeight };
  struct Location {
    Region region = Region::kScratch;
    Bytes offset = 0;
  };
  struct Placement {
    Location input;        // of the layer's input; unused for the first layer
    Location grad_output;  // of the gradient of its output; unused for the last layer
    Footprint offsets;     // of the layer's own parts in each region; scratch is unused
  };

  explicit Sequence(std::vector<std::unique_ptr<Layer>> layers);
  // The buffers of one layer, without the addend.
  PassBuffers BuffersOf(int index, const PassBuffers& buffers) const;
  static bool IsRecomputed(const Location& location) {
    return location.region == Region::kRecomputed || location.region == Region::kRecomputedWeight;
  }
  static std::byte* Resolve(const Location& location, const PassBuffers& buffers);

  const std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Placement> placements_;  // [layer]
  Bytes inner_scratch_offset_ = 0;
  // The scratch of Backward: that of Forward, two gradients that layers take in turn, and a stash.
  Bytes turns_offset_ = 0;
  Bytes largest_gradient_ = 0;
  Bytes stash_offset_ = 0;
  Bytes largest_stash_ = 0;
  Footprint footprint_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SEQUENCE_H_
