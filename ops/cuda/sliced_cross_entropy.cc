// Two exchanges with the other members: the maximum of each row, then its sum of exponentials and its target's logit.
// Without other members (to time the layer) the numbers are those of the slice alone.
#include "ops/cuda/sliced_cross_entropy.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/sliced_cross_entropy.h"
#include "ops/cuda/support.h"
#include "ops/layers/member_group.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

SlicedCrossEntropyShape ShapeOf(const CrossEntropySpec& spec, const Shape& input) {
  const IndexRange& own = spec.slice.ranges.front();
  return {input.type(), NumRows(input),   own.end - own.begin, spec.classes,
          own.begin,    spec.slice.whole, spec.loss_rows,      static_cast<float>(spec.z_loss)};
}

// saved: log Σ exp of each whole row, then the targets as columns of the slice. scratch: the sum of exponentials of
// each row, then its target's logit.
class CudaSlicedCrossEntropy final : public PrimitiveLayer {
 public:
  CudaSlicedCrossEntropy(LayerInfo info, const Footprint& footprint, const CrossEntropySpec& spec)
      : PrimitiveLayer(std::move(info), footprint), shape_(ShapeOf(spec, input_shape())) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    float* const log_sums = Floats(buffers.saved);
    int32_t* const own_targets = Ids(buffers.saved) + shape_.rows;
    float* const sums = Floats(buffers.scratch);
    float* const target_logits = sums + shape_.rows;
    BATON_RETURN_IF_ERROR(LaunchRowMaxima(stream, shape_, buffers.input, log_sums));
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Max(stream, DataType::kFloat32, shape_.rows, buffers.saved));
    }
    BATON_RETURN_IF_ERROR(
        LaunchRowSums(stream, shape_, buffers.input, Ids(buffers.targets), log_sums, sums, target_logits, own_targets));
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Sum(stream, DataType::kFloat32, 2 * shape_.rows, buffers.scratch));
    }
    return LaunchSlicedLoss(stream, shape_, target_logits, own_targets, log_sums, sums, buffers.loss);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    return LaunchSlicedCrossEntropyBackward(stream, shape_, buffers.input, Floats(buffers.saved),
                                            Ids(buffers.saved) + shape_.rows, buffers.grad_input);
  }

  // The maxima, then the sums and the targets' logits.
  MemberTraffic member_traffic() const override { return {2, 0, 3 * shape_.rows * SizeOf(DataType::kFloat32), 0}; }

 private:
  const SlicedCrossEntropyShape shape_;
};

}  // namespace

std::unique_ptr<Layer> CreateCudaSlicedCrossEntropy(const CrossEntropySpec& spec, LayerInfo info) {
  Footprint footprint;
  const int64_t rows = NumRows(info.input_shape);
  footprint.saved = AlignUp(rows * (SizeOf(DataType::kFloat32) + SizeOf(DataType::kInt32)));
  footprint.scratch = AlignUp(2 * rows * SizeOf(DataType::kFloat32));
  return std::make_unique<CudaSlicedCrossEntropy>(std::move(info), footprint, spec);
}

}  // namespace baton
