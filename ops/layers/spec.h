// Descriptions of layers. A model is a list of them; a backend makes a Layer from each. kKind names a primitive kind in
// messages. Used by ops/models, BuildLayer
// and runtime/planning. Shapes follow from the micro-batch; the names of parameters are those in weights.safetensors.
//
//   LinearSpec linear;
//   linear.name = "fc";                                                      // fc.weight, fc.bias
//   linear.inputs = 128;
//   linear.outputs = 512;
//   const LayerSpec up = {linear};
//   const LayerSpec block = {ResidualSpec{{up, {ActivationSpec{}}, down}}};  // x + down(gelu(up(x)))
#ifndef BATON_OPS_LAYERS_SPEC_H_
#define BATON_OPS_LAYERS_SPEC_H_

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ops/layers/layer.h"

namespace baton {

// kGelu: by the exact error function. kGeluTanh: by the tanh approximation (Hendrycks and Gimpel 2016), which GPT-2 was
// trained with.
enum class ActivationKind : int8_t { kRelu, kGelu, kGeluTanh };

// x: [rows…, inputs] f32 → [rows…, outputs] f32: y = x · weightᵀ + bias. weight: [outputs, inputs].
struct LinearSpec {
  static constexpr char kKind[] = "linear";
  std::string name;         // parameters NAME.weight and NAME.bias
  std::string weight_name;  // if not empty, the weight is a tied use of this parameter, not NAME.weight
  int64_t inputs = 0;
  int64_t outputs = 0;
  bool bias = true;
  Initializer initializer;  // of the weight; the bias's initial values are zero
};

// tokens: [sequences, context] i32 → [sequences, context, width] f32: tokens[token] + positions[position].
struct EmbeddingSpec {
  static constexpr char kKind[] = "embedding";
  std::string token_name;     // parameter TOKEN_NAME.weight: [vocabulary, width]
  std::string position_name;  // parameter POSITION_NAME.weight: [context, width]; empty: no positions
  int64_t vocabulary = 0;
  int64_t context = 0;
  int64_t width = 0;
  Initializer initializer;
};

// Layer normalisation over the last axis (Ba, Kiros and Hinton 2016): [rows…, width] → [rows…, width]. Parameters
// NAME.weight and NAME.bias: [width].
struct LayerNormSpec {
  static constexpr char kKind[] = "layer norm";
  std::string name;
  int64_t width = 0;
  double epsilon = 1e-5;
};

// Element by element, any shape.
struct ActivationSpec {
  static constexpr char kKind[] = "activation";
  ActivationKind kind = ActivationKind::kGelu;
};

// Scaled dot-product attention with a causal mask (Vaswani et al. 2017, section 3.2.1), without its projections:
// [sequences, context, 3 · width] f32 (queries, keys, values side by side) → [sequences, context, width] f32.
struct AttentionSpec {
  static constexpr char kKind[] = "attention";
  int64_t heads = 0;
  int64_t width = 0;
};

// Softmax and cross-entropy with targets: [rows…] i32: [rows…, classes] f32 → a loss.
// loss = Σ rows −log p(target) / loss_rows. loss_rows counts the rows of the whole batch, so that the losses of its
// micro-batches sum to the mean over all rows. Rows whose target is kIgnoredTarget (ops/layers/token_ids.h) count 0.
struct CrossEntropySpec {
  static constexpr char kKind[] = "cross-entropy";
  int64_t classes = 0;
  int64_t loss_rows = 0;
};

struct LayerSpec;

// Layers one after another.
struct SequenceSpec {
  std::vector<LayerSpec> layers;
};

// x + layers(x).
struct ResidualSpec {
  std::vector<LayerSpec> layers;
};

// The part of its saved bytes that a layer drops after Forward and computes again before its backward pass. kNone:
// nothing. kAttention: what attention saves, which is the largest part for long contexts and cheap to compute
// (Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", section 5). kFull:
// everything except the layer's input.
enum class RecomputeMode : int8_t { kNone, kAttention, kFull };

struct LayerSpec {
  std::variant<LinearSpec, EmbeddingSpec, LayerNormSpec, ActivationSpec, AttentionSpec, CrossEntropySpec,
               SequenceSpec, ResidualSpec>
      kind;
  RecomputeMode recompute = RecomputeMode::kNone;
};

// A model: the layers between which a split may cut. The embedding is part of the first layer, the head and the loss of
// the last.
struct ModelSpec {
  std::string name;
  Shape input_shape;    // of one micro-batch
  Shape targets_shape;  // of one micro-batch: i32
  std::vector<std::string> layer_names;
  std::vector<LayerSpec> layers;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SPEC_H_
