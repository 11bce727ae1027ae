// Layers as plain descriptions: what a model is a list of, what a backend makes a Layer from, what costs are told from.
// Shapes follow from the micro-batch; names are those of the parameters in weights.safetensors.
#ifndef BATON_OPS_LAYERS_SPEC_H_
#define BATON_OPS_LAYERS_SPEC_H_

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ops/layers/layer.h"

namespace baton {

// GELU by the exact error function, or by Hendrycks and Gimpel's tanh approximation, which GPT-2 was trained with.
enum class ActivationKind : int8_t { kRelu, kGelu, kGeluTanh };

// x: [rows…, inputs] f32 → [rows…, outputs] f32: y = x · weightᵀ + bias. weight: [outputs, inputs].
struct LinearSpec {
  std::string name;         // parameters NAME.weight and NAME.bias
  std::string weight_name;  // if not empty: the weight is this parameter (tied), not NAME.weight
  int64_t inputs = 0;
  int64_t outputs = 0;
  bool bias = true;
  Initializer initializer;  // of the weight; a bias starts at zero
};

// tokens: [sequences, context] i32 → [sequences, context, width] f32: tokens[token] + positions[position].
struct EmbeddingSpec {
  std::string token_name;     // parameter TOKEN_NAME.weight: [vocabulary, width]
  std::string position_name;  // parameter POSITION_NAME.weight: [context, width]; none if empty
  int64_t vocabulary = 0;
  int64_t context = 0;
  int64_t width = 0;
  Initializer initializer;
};

// Over the last axis, with weight and bias (parameters NAME.weight, NAME.bias).
struct LayerNormSpec {
  std::string name;
  int64_t width = 0;
  double epsilon = 1e-5;
};

struct ActivationSpec {
  ActivationKind kind = ActivationKind::kGelu;
};

// Scaled dot-product attention with a causal mask, without its projections:
// [sequences, context, 3 · width] f32 (queries, keys, values side by side) → [sequences, context, width] f32.
struct CausalAttentionSpec {
  int64_t heads = 0;
  int64_t width = 0;
};

// Softmax and cross-entropy against int32 targets, one a row: [rows…, classes] f32 → a loss.
// loss = Σ rows −log p(target) / loss_rows; loss_rows is that of the whole batch, so that micro-batches add up to the
// mean over all rows.
struct CrossEntropySpec {
  int64_t classes = 0;
  int64_t loss_rows = 0;
};

struct LayerSpec;

// One after the other.
struct SequenceSpec {
  std::vector<LayerSpec> layers;
};

// x + layers(x).
struct ResidualSpec {
  std::vector<LayerSpec> layers;
};

// What a layer does not keep from Forward to the backward pass but computes again: nothing; what attention saves, the
// largest part by far for long contexts and cheap to make (Korthikanti et al. 2022, "Reducing Activation Recomputation
// in Large Transformer Models", section 5); or everything but the layer's input.
enum class RecomputeMode : int8_t { kNone, kAttention, kFull };

struct LayerSpec {
  std::variant<LinearSpec, EmbeddingSpec, LayerNormSpec, ActivationSpec, CausalAttentionSpec, CrossEntropySpec,
               SequenceSpec, ResidualSpec>
      kind;
  RecomputeMode recompute = RecomputeMode::kNone;
};

// A model: the layers that a split cuts between. The embedding is part of the first, the head and loss of the last.
struct ModelSpec {
  std::string name;
  Shape input_shape;    // of one micro-batch
  Shape targets_shape;  // of one micro-batch: i32
  std::vector<std::string> layer_names;
  std::vector<LayerSpec> layers;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SPEC_H_
