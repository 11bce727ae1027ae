// Softmax and cross-entropy of one member's slice of the classes, as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_SLICED_CROSS_ENTROPY_H_
#define BATON_OPS_REFERENCE_SLICED_CROSS_ENTROPY_H_

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/layers/member_group.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {

// T: float or double; sums are f64. saved: the logarithm of the sum of exponentials of each whole row, f64, then the
// targets. scratch: the sum of exponentials of each row, then its target's logit, f64.
template <typename T>
class ReferenceSlicedCrossEntropy final : public PrimitiveLayer {
 public:
  ReferenceSlicedCrossEntropy(const LayerInfo& info, const CrossEntropySpec& spec)
      : PrimitiveLayer(info, FootprintOf(NumRows(info.input_shape))),
        rows_(NumRows(info.input_shape)),
        stride_(spec.classes),
        own_(spec.slice.ranges.front()),
        classes_(own_.end - own_.begin),
        all_classes_(spec.slice.whole),
        loss_rows_(spec.loss_rows),
        z_loss_(spec.z_loss) {}

  // Errors: InvalidArgument if a target is neither in [0, all classes) nor kIgnoredTarget.
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int32_t* targets = reinterpret_cast<const int32_t*>(buffers.targets);
    BATON_RETURN_IF_ERROR(CheckTargets(targets, rows_, all_classes_));
    const T* x = reinterpret_cast<const T*>(buffers.input);
    double* log_sums = reinterpret_cast<double*>(buffers.saved);
    double* sums = reinterpret_cast<double*>(buffers.scratch);
    double* target_logits = sums + rows_;
    for (int64_t row = 0; row < rows_; ++row) {
      log_sums[row] = *std::max_element(x + row * stride_, x + row * stride_ + classes_);
    }
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Max(stream, DataType::kFloat64, rows_, buffers.saved));
    }
    for (int64_t row = 0; row < rows_; ++row) {
      sums[row] = 0;
      for (int64_t c = 0; c < classes_; ++c) sums[row] += std::exp(x[row * stride_ + c] - log_sums[row]);
      target_logits[row] = IsOwn(targets[row]) ? x[row * stride_ + targets[row] - own_.begin] : 0;
    }
    if (buffers.members != nullptr) {
      BATON_RETURN_IF_ERROR(buffers.members->Sum(stream, DataType::kFloat64, 2 * rows_, buffers.scratch));
    }
    double loss = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      log_sums[row] += std::log(sums[row]);
      if (targets[row] == kIgnoredTarget) continue;
      loss += log_sums[row] - target_logits[row] + z_loss_ * log_sums[row] * log_sums[row];
    }
    std::copy(targets, targets + rows_, reinterpret_cast<int32_t*>(log_sums + rows_));
    *buffers.loss = loss / loss_rows_;
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const double* log_sums = reinterpret_cast<const double*>(buffers.saved);
    const int32_t* targets = reinterpret_cast<const int32_t*>(log_sums + rows_);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t row = 0; row < rows_; ++row) {
      std::fill(dx + row * stride_ + classes_, dx + (row + 1) * stride_, T{0});
      for (int64_t c = 0; c < classes_; ++c) {
        const double probability = std::exp(x[row * stride_ + c] - log_sums[row]);
        const double one_hot = c + own_.begin == targets[row] ? 1 : 0;
        const double slope = probability - one_hot + 2 * z_loss_ * log_sums[row] * probability;
        dx[row * stride_ + c] = static_cast<T>(targets[row] == kIgnoredTarget ? 0 : slope / loss_rows_);
      }
    }
    return absl::OkStatus();
  }

  // The maxima, then the sums and the targets' logits.
  MemberTraffic member_traffic() const override { return {2, 0, 3 * rows_ * static_cast<Bytes>(sizeof(double)), 0}; }

 private:
  static Footprint FootprintOf(int64_t rows) {
    Footprint footprint;
    footprint.saved = AlignUp(rows * static_cast<Bytes>(sizeof(double) + sizeof(int32_t)));
    footprint.scratch = AlignUp(2 * rows * static_cast<Bytes>(sizeof(double)));
    return footprint;
  }
  bool IsOwn(int32_t target) const { return target >= own_.begin && target < own_.end; }

  const int64_t rows_;
  const int64_t stride_;   // columns of the logits, with padding
  const IndexRange own_;   // the classes that this member has
  const int64_t classes_;  // without padding
  const int64_t all_classes_;
  const int64_t loss_rows_;
  const double z_loss_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_SLICED_CROSS_ENTROPY_H_
