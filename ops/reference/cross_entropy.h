// Softmax and cross-entropy as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_CROSS_ENTROPY_H_
#define BATON_OPS_REFERENCE_CROSS_ENTROPY_H_

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {

// T: float or double. saved: the targets, since only Forward may read their buffer.
template <typename T>
class ReferenceCrossEntropy final : public PrimitiveLayer {
 public:
  ReferenceCrossEntropy(const LayerInfo& info, const CrossEntropySpec& spec)
      : PrimitiveLayer(info, FootprintOf(info)),
        classes_(spec.classes),
        loss_rows_(spec.loss_rows),
        z_loss_(spec.z_loss) {}

  // Errors: InvalidArgument if a target is neither in [0, classes) nor kIgnoredTarget.
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const int32_t* targets = reinterpret_cast<const int32_t*>(buffers.targets);
    const int64_t rows = NumRows(input_shape());
    BATON_RETURN_IF_ERROR(CheckTargets(targets, rows, classes_));
    double loss = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (targets[row] == kIgnoredTarget) continue;
      const double log_sum = LogSumExp(x + row * classes_);
      loss += log_sum - x[row * classes_ + targets[row]];
      if (z_loss_ > 0) loss += z_loss_ * log_sum * log_sum;
    }
    std::copy(targets, targets + rows, reinterpret_cast<int32_t*>(buffers.saved));
    *buffers.loss = loss / loss_rows_;
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const int32_t* targets = reinterpret_cast<const int32_t*>(buffers.saved);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row, x += classes_, dx += classes_) {
      if (targets[row] == kIgnoredTarget) {
        std::fill(dx, dx + classes_, T{0});
        continue;
      }
      const double log_sum = LogSumExp(x);
      for (int64_t c = 0; c < classes_; ++c) {
        const double probability = std::exp(x[c] - log_sum);
        const double z_slope = z_loss_ > 0 ? 2 * z_loss_ * log_sum * probability : 0;
        dx[c] = static_cast<T>((probability - (c == targets[row] ? 1 : 0) + z_slope) / loss_rows_);
      }
    }
    return absl::OkStatus();
  }

 private:
  static Footprint FootprintOf(const LayerInfo& info) {
    Footprint footprint;
    footprint.saved = AlignUp(NumRows(info.input_shape) * static_cast<Bytes>(sizeof(int32_t)));
    return footprint;
  }

  double LogSumExp(const T* x) const {
    const double largest = *std::max_element(x, x + classes_);
    double sum = 0;
    for (int64_t c = 0; c < classes_; ++c) sum += std::exp(x[c] - largest);
    return largest + std::log(sum);
  }

  const int64_t classes_;
  const int64_t loss_rows_;
  const double z_loss_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_CROSS_ENTROPY_H_
