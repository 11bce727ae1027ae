// A classifier from a list of layers. Used by runtime/planning to make a job's model, and by mlp.
#ifndef BATON_OPS_MODELS_LAYER_LIST_H_
#define BATON_OPS_MODELS_LAYER_LIST_H_

#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

// The entries of a list. The parameters of the list's I-th entry, counted from 0, begin with `layers.I`; those of the
// J-th layer of a residual with `layers.I.J`, of its shortcut with `layers.I.shortcut.J`. Sizes are in [1, 2²⁰].

// NAME.weight, NAME.bias. Reads the features of a row, or all of an image.
struct ListedLinear {
  int64_t outputs = 0;
  std::optional<ActivationKind> activation;
  bool bias = true;
};

// NAME.weight, NAME.bias.
struct ListedLayerNorm {
  double epsilon = 1e-5;  // above 0
};

// NAME.weight.
struct ListedRmsNorm {
  double epsilon = 1e-6;  // above 0
};

struct ListedActivation {
  ActivationKind kind = ActivationKind::kRelu;
};

struct ListedDropout {
  double probability = 0;  // in [0, 1)
};

// NAME.weight, NAME.bias.
struct ListedConvolution {
  int64_t outputs = 0;
  int64_t kernel = 0;
  int64_t stride = 1;
  int64_t padding = 0;
  bool bias = true;
};

// NAME.weight, NAME.bias.
struct ListedGroupNorm {
  int64_t groups = 0;
  double epsilon = 1e-5;
};

// NAME.weight, NAME.bias, NAME.running_mean, NAME.running_var.
struct ListedBatchNorm {
  BatchStatistics statistics = BatchStatistics::kMicroBatch;
  double epsilon = 1e-5;
};

struct ListedPool {
  PoolSpec pool;
};

struct ListedGlobalAverage {};

// NAME.projection.weight and .bias, NAME.positions, NAME.class_token.
struct ListedPatches {
  int64_t edge = 0;
  int64_t outputs = 0;
  bool class_token = false;
};

// NAME.tokens.weight, NAME.positions.weight. The first layer of a list that reads tokens.
struct ListedEmbedding {
  int64_t vocabulary = 0;
  int64_t width = 0;
  int64_t context = 0;  // rows of the table of positions
  bool positions = true;
};

// NAME.qkv.weight and .bias, NAME.output.weight and .bias.
struct ListedAttention {
  int64_t heads = 0;            // divides the width
  int64_t key_value_heads = 0;  // divides heads; 0: heads
  bool causal = true;
  int64_t window = 0;
  std::optional<RotaryFrequencies> rotary;
  bool bias = true;
};

// NAME.gate_up.weight, NAME.down.weight; no biases.
struct ListedGatedFeedForward {
  int64_t inner = 0;
  ActivationKind activation = ActivationKind::kSilu;
};

using ListedPlain = std::variant<ListedLinear, ListedLayerNorm, ListedActivation, ListedRmsNorm, ListedDropout,
                                 ListedConvolution, ListedGroupNorm, ListedBatchNorm, ListedPool, ListedGlobalAverage,
                                 ListedPatches, ListedEmbedding, ListedAttention, ListedGatedFeedForward>;

// shortcut(x) + layers(x), or x + layers(x) without a shortcut. Both end with the same shape.
struct ListedResidual {
  std::vector<ListedPlain> layers;
  std::vector<ListedPlain> shortcut{};
};

using ListedLayer = std::variant<ListedPlain, ListedResidual>;

struct LayerListOptions {
  // Exactly one of these is given.
  int64_t inputs = 0;          // features of an example
  std::vector<int64_t> image;  // channels, height and width of an example
  int64_t context = 0;         // tokens of a sequence; the first layer is then an embedding
  std::vector<ListedLayer> layers;
};

// Each entry is a layer of the model; the last one also has the softmax cross-entropy over its outputs.
// Input: [examples_per_micro_batch, inputs], or [examples_per_micro_batch, channels, height, width] f32, or
// [sequences, context] i32. Targets: one for each row of the output, i32. The loss is the mean over a batch. Initial
// values of a weight are uniform in ±1/√inputs of an output, those of embeddings, positions and class tokens normal
// with standard deviation 0.02, those of a bias zero. Errors: InvalidArgument that names the field, such as
// `model.layer[2].outputs: 0 is not in [1, 1048576]`.
absl::StatusOr<ModelSpec> LayerListModel(const LayerListOptions& options, int64_t examples_per_micro_batch,
                                         int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_LAYER_LIST_H_
