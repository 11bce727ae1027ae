// Cross-entropy as vectorised loops over rows.
#include "ops/host/cross_entropy.h"

#include <utility>

#include "base/status.h"
#include "ops/host/cross_entropy_rows.h"
#include "ops/host/parallel.h"
#include "ops/host/sliced_cross_entropy.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// saved: log Σ exp of each row, then the targets, since only Forward may read their buffer.
class HostCrossEntropy final : public PrimitiveLayer {
 public:
  HostCrossEntropy(int threads, LayerInfo info, const Footprint& footprint, const CrossEntropySpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        rows_(NumRows(input_shape())),
        classes_(spec.classes),
        loss_rows_(spec.loss_rows),
        z_loss_(spec.z_loss) {}

  // Errors: InvalidArgument if a target is neither in [0, classes) nor kIgnoredTarget.
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int32_t* targets = Ids(buffers.targets);
    BATON_RETURN_IF_ERROR(CheckTargets(targets, rows_, classes_));
    const float* logits = Floats(buffers.input);
    float* log_sums = Floats(buffers.saved);
    ParallelFor(threads_, rows_, LeastRows(), [&](int64_t begin, int64_t end, int) {
      LogSumExpRows(end - begin, classes_, logits + begin * classes_, log_sums + begin);
    });
    std::memcpy(Ids(buffers.saved) + rows_, targets, rows_ * sizeof(int32_t));
    const double loss = SumLosses(rows_, log_sums, targets, z_loss_,
                                  [&](int64_t row) { return logits[row * classes_ + targets[row]]; });
    *buffers.loss = loss / static_cast<double>(loss_rows_);
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const auto scale = static_cast<float>(1.0 / static_cast<double>(loss_rows_));
    ParallelFor(threads_, rows_, LeastRows(), [&](int64_t begin, int64_t end, int) {
      SoftmaxMinusTargetRows(end - begin, classes_, classes_, scale, static_cast<float>(z_loss_),
                             Floats(buffers.input) + begin * classes_, Floats(buffers.saved) + begin,
                             Ids(buffers.saved) + rows_ + begin, Floats(buffers.grad_input) + begin * classes_);
    });
    return absl::OkStatus();
  }

 private:
  int64_t LeastRows() const { return LeastPart(classes_ * SizeOf(DataType::kFloat32)); }

  const int threads_;
  const int64_t rows_;
  const int64_t classes_;
  const int64_t loss_rows_;
  const double z_loss_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostCrossEntropy(const CrossEntropySpec& spec, const Shape& input,
                                                              int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, CrossEntropyInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  if (!spec.slice.IsWhole()) return CreateHostSlicedCrossEntropy(spec, std::move(info), threads);
  Footprint footprint;
  footprint.saved = AlignUp(NumRows(input) * (SizeOf(DataType::kFloat32) + SizeOf(DataType::kInt32)));
  return std::make_unique<HostCrossEntropy>(threads, std::move(info), footprint, spec);
}

}  // namespace baton
