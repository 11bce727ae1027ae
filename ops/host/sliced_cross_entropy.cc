// Two exchanges with the other members: the maximum of each row, then its sum of exponentials and its target's logit.
// Without other members (to time the layer) the numbers are those of the slice alone.
#include "ops/host/sliced_cross_entropy.h"

#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/cross_entropy_rows.h"
#include "ops/host/parallel.h"
#include "ops/host/support.h"
#include "ops/layers/member_group.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// saved: log Σ exp of each whole row, then the targets as indices into the slice. scratch: the sum of exponentials of
// each row, then its target's logit.
class HostSlicedCrossEntropy final : public PrimitiveLayer {
 public:
  HostSlicedCrossEntropy(int threads, LayerInfo info, const Footprint& footprint, const CrossEntropySpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        rows_(NumRows(input_shape())),
        stride_(spec.classes),
        own_(spec.slice.ranges.front()),
        classes_(own_.end - own_.begin),
        all_classes_(spec.slice.whole),
        loss_rows_(spec.loss_rows),
        z_loss_(spec.z_loss) {}

  // Errors: InvalidArgument if a target is neither in [0, all classes) nor kIgnoredTarget.
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    BATON_RETURN_IF_ERROR(CheckTargets(Ids(buffers.targets), rows_, all_classes_));
    const float* const logits = Floats(buffers.input);
    float* const log_sums = Floats(buffers.saved);
    float* const sums = Floats(buffers.scratch);
    float* const target_logits = sums + rows_;
    int32_t* const targets = Ids(buffers.saved) + rows_;
    ParallelFor(threads_, rows_, LeastRows(), [&](int64_t begin, int64_t end, int) {
      MaxRows(end - begin, classes_, stride_, logits + begin * stride_, log_sums + begin);
    });
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Max(stream, DataType::kFloat32, rows_, buffers.saved));
    }
    ParallelFor(threads_, rows_, LeastRows(), [&](int64_t begin, int64_t end, int) {
      SumExpRows(end - begin, classes_, stride_, logits + begin * stride_, log_sums + begin, sums + begin);
    });
    for (int64_t row = 0; row < rows_; ++row) {
      targets[row] = ToOwn(Ids(buffers.targets)[row]);
      target_logits[row] = targets[row] >= 0 ? logits[row * stride_ + targets[row]] : 0.0f;
    }
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Sum(stream, DataType::kFloat32, 2 * rows_, buffers.scratch));
    }
    for (int64_t row = 0; row < rows_; ++row) log_sums[row] += std::log(sums[row]);
    const double loss = SumLosses(rows_, log_sums, targets, z_loss_, [&](int64_t row) { return target_logits[row]; });
    *buffers.loss = loss / static_cast<double>(loss_rows_);
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const auto scale = static_cast<float>(1.0 / static_cast<double>(loss_rows_));
    ParallelFor(threads_, rows_, LeastRows(), [&](int64_t begin, int64_t end, int) {
      SoftmaxMinusTargetRows(end - begin, classes_, stride_, scale, static_cast<float>(z_loss_),
                             Floats(buffers.input) + begin * stride_, Floats(buffers.saved) + begin,
                             Ids(buffers.saved) + rows_ + begin, Floats(buffers.grad_input) + begin * stride_);
    });
    return absl::OkStatus();
  }

  // The maxima, then the sums and the targets' logits.
  MemberTraffic member_traffic() const override { return {2, 0, 3 * rows_ * SizeOf(DataType::kFloat32), 0}; }

 private:
  int32_t ToOwn(int32_t target) const {
    if (target == kIgnoredTarget) return kIgnoredTarget;
    return target >= own_.begin && target < own_.end ? static_cast<int32_t>(target - own_.begin) : kTargetElsewhere;
  }

  int64_t LeastRows() const { return LeastPart(classes_ * SizeOf(DataType::kFloat32)); }

  const int threads_;
  const int64_t rows_;
  const int64_t stride_;  // columns of the logits, with padding
  const IndexRange own_;
  const int64_t classes_;  // without padding
  const int64_t all_classes_;
  const int64_t loss_rows_;
  const double z_loss_;
};

}  // namespace

std::unique_ptr<Layer> CreateHostSlicedCrossEntropy(const CrossEntropySpec& spec, LayerInfo info, int threads) {
  Footprint footprint;
  const int64_t rows = NumRows(info.input_shape);
  footprint.saved = AlignUp(rows * (SizeOf(DataType::kFloat32) + SizeOf(DataType::kInt32)));
  footprint.scratch = AlignUp(2 * rows * SizeOf(DataType::kFloat32));
  return std::make_unique<HostSlicedCrossEntropy>(threads, std::move(info), footprint, spec);
}

}  // namespace baton
