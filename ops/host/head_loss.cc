// The logits are computed block by block, for some rows and some classes, and used while they are in the cache:
//
//   Forward          block of logits ─▶ maximum and Σ exp of each row so far, its target's logit ─▶ loss
//   BackwardInput    the same block again ─▶ its gradient in place ─▶ · W adds to the gradient of the input
//   BackwardWeight   the same block and gradient again ─▶ ᵀ · x adds to the gradient of W
//
// So a whole backward pass has a fourth product of the head, and one in two halves a fifth, in place of two buffers of
// all logits. The sums of exponentials follow the maximum so far (Milakov and Gimelshein 2018, "Online normalizer
// calculation for softmax").
#include "ops/host/head_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/status.h"
#include "ops/host/cross_entropy_rows.h"
#include "ops/host/one_dnn.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// A block of logits takes at most 4 MiB.
constexpr int64_t kMostRows = 1024;
constexpr int64_t kMostClasses = 1024;
constexpr Bytes kMostUnfusedBytes = Bytes{8} << 20;

// Takes a block into the maximum and the sum of exponentials of each row. logits: [rows, classes], to which bias, null
// or [classes], is added.
BATON_SIMD_CLONES
void AddBlock(int64_t rows, int64_t classes, const float* __restrict bias, float* logits, float* __restrict maxima,
              float* __restrict sums) {
  for (int64_t row = 0; row < rows; ++row) {
    float* __restrict x = logits + row * classes;
    if (bias != nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < classes; ++c) x[c] += bias[c];
    }
    float largest = maxima[row];
#pragma omp simd reduction(max : largest)
    for (int64_t c = 0; c < classes; ++c) largest = x[c] > largest ? x[c] : largest;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < classes; ++c) sum += VectorizableExp(x[c] - largest);
    sums[row] = sums[row] * VectorizableExp(maxima[row] - largest) + sum;
    maxima[row] = largest;
  }
}

// The gradient of the loss by a block of logits, in place; see SoftmaxMinusTargetRows. targets: as indices into the
// block, or outside of it.
BATON_SIMD_CLONES
void ToGradients(int64_t rows, int64_t classes, const float* __restrict bias, float scale, float z_loss,
                 const float* __restrict log_sums, const int32_t* __restrict targets, int64_t first_class,
                 float* logits) {
  for (int64_t row = 0; row < rows; ++row) {
    float* __restrict x = logits + row * classes;
    if (targets[row] == kIgnoredTarget) {
      std::fill_n(x, classes, 0.0f);
      continue;
    }
    if (bias != nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < classes; ++c) x[c] += bias[c];
    }
    const float log_sum = log_sums[row];
    const float softmax_scale = z_loss == 0 ? scale : scale * (1 + 2 * z_loss * log_sum);
#pragma omp simd
    for (int64_t c = 0; c < classes; ++c) x[c] = VectorizableExp(x[c] - log_sum) * softmax_scale;
    const int64_t own = targets[row] - first_class;
    if (own >= 0 && own < classes) x[own] -= scale;
  }
}

struct Block {
  int64_t first_row, rows;
  int64_t first_class, classes;
};

// saved_weight: log Σ exp of each row, then the targets, since only Forward may read their buffer. scratch: a block of
// logits; in Forward then the maximum, the sum and the target's logit of each row.
class HostHeadLoss final : public PrimitiveLayer {
 public:
  HostHeadLoss(int threads, LayerInfo info, const Footprint& footprint, const LinearSpec& head,
               const CrossEntropySpec& loss)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        rows_(NumRows(input_shape())),
        inputs_(head.inputs),
        classes_(head.outputs),
        has_bias_(head.bias),
        loss_rows_(loss.loss_rows),
        z_loss_(loss.z_loss) {}

  static Bytes BlockBytes(int64_t rows, int64_t classes) {
    return AlignUp(std::min(rows, kMostRows) * std::min(classes, kMostClasses) * SizeOf(DataType::kFloat32));
  }

  // Errors: InvalidArgument if a target is neither in [0, classes) nor kIgnoredTarget.
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    BATON_RETURN_IF_ERROR(CheckTargets(Ids(buffers.targets), rows_, classes_));
    const ThreadScope scope(threads_);
    const int32_t* const targets = Ids(buffers.targets);
    float* const logits = Floats(buffers.scratch);
    float* const maxima = Floats(buffers.scratch + BlockBytes(rows_, classes_));
    float* const sums = maxima + rows_;
    float* const target_logits = sums + rows_;
    std::fill_n(maxima, rows_, -std::numeric_limits<float>::infinity());
    std::fill_n(sums, rows_, 0.0f);
    BATON_RETURN_IF_ERROR(ForEachBlock([&](const Block& block) {
      BATON_RETURN_IF_ERROR(ComputeLogits(block, buffers.input, logits));
      ParallelFor(threads_, block.rows, LeastRows(block), [&](int64_t begin, int64_t end, int) {
        AddBlock(end - begin, block.classes, BiasOf(block), logits + begin * block.classes,
                 maxima + block.first_row + begin, sums + block.first_row + begin);
      });
      for (int64_t row = 0; row < block.rows; ++row) {
        const int64_t own = targets[block.first_row + row] - block.first_class;
        if (own >= 0 && own < block.classes) target_logits[block.first_row + row] = logits[row * block.classes + own];
      }
      return absl::OkStatus();
    }));
    float* const log_sums = Floats(buffers.saved_weight);
    for (int64_t row = 0; row < rows_; ++row) log_sums[row] = maxima[row] + std::log(sums[row]);
    std::copy_n(targets, rows_, Ids(buffers.saved_weight) + rows_);
    const double loss = SumLosses(rows_, log_sums, targets, z_loss_, [&](int64_t row) { return target_logits[row]; });
    *buffers.loss = loss / static_cast<double>(loss_rows_);
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const bool adds_weight = buffers.is_whole_backward && !is_frozen();
    float* const grad_input = Floats(buffers.grad_input);
    if (grad_input == nullptr && !adds_weight) return absl::OkStatus();
    const ThreadScope scope(threads_);
    float* const gradients = Floats(buffers.scratch);
    return ForEachBlock([&](const Block& block) {
      BATON_RETURN_IF_ERROR(ComputeGradients(block, buffers, gradients));
      if (grad_input != nullptr) {
        BATON_RETURN_IF_ERROR(Gemm(block.rows, inputs_, block.classes, 1.0f, {gradients, block.classes},
                                   {WeightOf(block), inputs_}, block.first_class == 0 ? 0.0f : 1.0f,
                                   grad_input + block.first_row * inputs_, inputs_));
      }
      return adds_weight ? AddWeightGradient(block, buffers.input, gradients) : absl::OkStatus();
    });
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.is_whole_backward) return absl::OkStatus();
    const ThreadScope scope(threads_);
    float* const gradients = Floats(buffers.scratch);
    return ForEachBlock([&](const Block& block) {
      BATON_RETURN_IF_ERROR(ComputeGradients(block, buffers, gradients));
      return AddWeightGradient(block, buffers.input, gradients);
    });
  }

 private:
  template <typename Work>
  absl::Status ForEachBlock(const Work& work) const {
    for (int64_t row = 0; row < rows_; row += kMostRows) {
      for (int64_t first = 0; first < classes_; first += kMostClasses) {
        BATON_RETURN_IF_ERROR(
            work(Block{row, std::min(kMostRows, rows_ - row), first, std::min(kMostClasses, classes_ - first)}));
      }
    }
    return absl::OkStatus();
  }

  static int64_t LeastRows(const Block& block) { return LeastPart(block.classes * SizeOf(DataType::kFloat32)); }
  const float* WeightOf(const Block& block) const { return Value<float>(0) + block.first_class * inputs_; }
  const float* BiasOf(const Block& block) const { return has_bias_ ? Value<float>(1) + block.first_class : nullptr; }

  // Without the bias.
  absl::Status ComputeLogits(const Block& block, const std::byte* input, float* logits) const {
    return Gemm(block.rows, block.classes, inputs_, 1.0f, {Floats(input) + block.first_row * inputs_, inputs_},
                {WeightOf(block), inputs_, /*transposed=*/true}, 0.0f, logits, block.classes);
  }

  absl::Status ComputeGradients(const Block& block, const PassBuffers& buffers, float* gradients) const {
    BATON_RETURN_IF_ERROR(ComputeLogits(block, buffers.input, gradients));
    const auto scale = static_cast<float>(1.0 / static_cast<double>(loss_rows_));
    ParallelFor(threads_, block.rows, LeastRows(block), [&](int64_t begin, int64_t end, int) {
      const int64_t row = block.first_row + begin;
      ToGradients(end - begin, block.classes, BiasOf(block), scale, static_cast<float>(z_loss_),
                  Floats(buffers.saved_weight) + row, Ids(buffers.saved_weight) + rows_ + row, block.first_class,
                  gradients + begin * block.classes);
    });
    return absl::OkStatus();
  }

  absl::Status AddWeightGradient(const Block& block, const std::byte* input, const float* gradients) const {
    if (has_bias_) {
      AddRowSums(threads_, block.rows, block.classes, gradients, Gradient<float>(1) + block.first_class);
    }
    return Gemm(block.classes, inputs_, block.rows, 1.0f, {gradients, block.classes, /*transposed=*/true},
                {Floats(input) + block.first_row * inputs_, inputs_}, 1.0f,
                Gradient<float>(0) + block.first_class * inputs_, inputs_);
  }

  const int threads_;
  const int64_t rows_;
  const int64_t inputs_;
  const int64_t classes_;
  const bool has_bias_;
  const int64_t loss_rows_;
  const double z_loss_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                          const Shape& input, const HostOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(head, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  BATON_ASSIGN_OR_RETURN(const LayerInfo loss_info, CrossEntropyInfo(loss, info.output_shape));
  const bool is_whole = head.slice.IsWhole() && loss.slice.IsWhole() && (!head.bias || head.adds_bias);
  const bool in_blocks = options.head_in_blocks && options.products == DataType::kFloat32;
  if (!in_blocks || !is_whole || info.output_shape.NumBytes() <= kMostUnfusedBytes) {
    return std::unique_ptr<Layer>();
  }
  info.output_shape = loss_info.output_shape;
  info.weight_needs_grad_output = false;
  info.flops.repeated = info.flops.forward;  // the logits
  info.flops.forward += loss_info.flops.forward;
  info.flops.backward_input += loss_info.flops.backward_input;
  const int64_t rows = NumRows(input);
  Footprint footprint;
  footprint.saved_weight = AlignUp(rows * (SizeOf(DataType::kFloat32) + SizeOf(DataType::kInt32)));
  footprint.scratch = HostHeadLoss::BlockBytes(rows, head.outputs) + AlignUp(3 * rows * SizeOf(DataType::kFloat32));
  return std::make_unique<HostHeadLoss>(options.threads, std::move(info), footprint, head, loss);
}

}  // namespace baton
