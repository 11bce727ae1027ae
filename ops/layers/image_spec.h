// Descriptions of the layers that read images, [examples, channels, height, width] f32, or what is cut from them.
// Included by spec.h.
#ifndef BATON_OPS_LAYERS_IMAGE_SPEC_H_
#define BATON_OPS_LAYERS_IMAGE_SPEC_H_

#include <cstdint>
#include <string>

#include "ops/layers/layer.h"

namespace baton {

// A convolution (cross-correlation, as PyTorch's) with a square kernel: [examples, inputs, height, width] →
// [examples, outputs, height', width'], where height' = ⌊(height + 2 · padding − kernel) / stride⌋ + 1. Parameters
// NAME.weight: [outputs, inputs, kernel, kernel], and NAME.bias: [outputs].
struct ConvolutionSpec {
  static constexpr char kKind[] = "convolution";
  std::string name;
  int64_t inputs = 0;
  int64_t outputs = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;  // zeros on each side; less than kernel
  bool bias = true;
  Initializer initializer{};  // of the weight; the bias's initial values are zero
};

// Group normalisation (Wu and He 2018): each group of channels / groups channels of an example by its mean and biased
// variance. Parameters NAME.weight and NAME.bias: [channels].
struct GroupNormSpec {
  static constexpr char kKind[] = "group norm";
  std::string name;
  int64_t channels = 0;
  int64_t groups = 1;  // divides channels
  double epsilon = 1e-5;
};

// The statistics by which batch norm normalizes in training. kMicroBatch: those of the micro-batch. kFrozen: the
// running ones, which then do not change. Evaluations use the running ones.
enum class BatchStatistics : int8_t { kMicroBatch, kFrozen };

// Batch normalisation (Ioffe and Szegedy 2015): each channel by its mean and biased variance. Parameters NAME.weight
// and NAME.bias: [channels]; statistics NAME.running_mean and NAME.running_var: [channels], see
// ParameterSpec::is_statistic. Their "gradient" is the sum over micro-batches of mean and unbiased variance, as PyTorch
// takes them.
struct BatchNormSpec {
  static constexpr char kKind[] = "batch norm";
  std::string name;
  int64_t channels = 0;
  double epsilon = 1e-5;
  BatchStatistics statistics = BatchStatistics::kMicroBatch;
};

enum class PoolKind : int8_t { kMax, kAverage };

// The maximum or mean of each square of kernel × kernel pixels; sizes as a convolution's. A maximum passes over the
// padding, a mean counts its zeros.
struct PoolSpec {
  static constexpr char kKind[] = "pooling";
  PoolKind kind = PoolKind::kMax;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;  // at most half of kernel
};

// The mean of each feature over all its positions: an image → [examples, channels], or [sequences, rows, width] →
// [sequences, width].
struct GlobalAverageSpec {
  static constexpr char kKind[] = "global average";
};

// Cuts an image into squares: → [examples, patches, channels · edge · edge], row by row of squares. A row of features
// has the order of a convolution's weight, so that a linear layer behind it is a convolution with stride = kernel.
struct PatchesSpec {
  static constexpr char kKind[] = "patches";
  int64_t edge = 0;  // divides height and width
};

// Adds learned positions to rows, behind a learned first row if there is a class token: [examples, rows, width] →
// [examples, rows (+ 1), width]. Parameters NAME.positions: [rows (+ 1), width], and NAME.class_token: [1, width].
struct PositionsSpec {
  static constexpr char kKind[] = "positions";
  std::string name;
  bool class_token = false;
  Initializer initializer{};
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_IMAGE_SPEC_H_
