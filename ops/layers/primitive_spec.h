// Descriptions of the layers that a backend makes, but for those that read images (image_spec.h). Included by spec.h.
#ifndef BATON_OPS_LAYERS_PRIMITIVE_SPEC_H_
#define BATON_OPS_LAYERS_PRIMITIVE_SPEC_H_

#include <cstdint>
#include <string>
#include <utility>

#include "ops/layers/layer.h"

namespace baton {

// kGelu: by the exact error function. kGeluTanh: by the tanh approximation (Hendrycks and Gimpel 2016), which GPT-2 was
// trained with. kSilu: x · sigmoid(x) (Elfwing et al. 2017).
enum class ActivationKind : int8_t { kRelu, kGelu, kGeluTanh, kSilu };

// x: [rows…, inputs] f32 → [rows…, outputs] f32: y = x · weightᵀ + bias. weight: [outputs, inputs].
struct LinearSpec {
  static constexpr char kKind[] = "linear";
  std::string name;         // parameters NAME.weight and NAME.bias
  std::string weight_name;  // if not empty, the weight is a tied use of this parameter, not NAME.weight
  int64_t inputs = 0;
  int64_t outputs = 0;
  bool bias = true;
  Initializer initializer{};  // of the weight; the bias's initial values are zero
  // Tensor parallelism: the rows (axis 0, and the bias with them) or columns (axis 1) of the weight that this member
  // has. `outputs` or `inputs` counts the indices of the slice.
  AxisSlice slice{};
  // False: Forward leaves the bias out, but BackwardWeight computes its gradient. For members whose outputs are summed,
  // except the first.
  bool adds_bias = true;
};

// ids: [sequences, context] i32 → [sequences, context, width] f32: tokens[token] + positions[position] +
// segments[segment]. An id is segment · vocabulary + token, so that without segments it is the token.
struct EmbeddingSpec {
  static constexpr char kKind[] = "embedding";
  std::string token_name;     // parameter TOKEN_NAME.weight: [vocabulary, width]
  std::string position_name;  // parameter POSITION_NAME.weight: [context, width]; empty: no positions
  int64_t vocabulary = 0;
  int64_t context = 0;
  int64_t width = 0;
  Initializer initializer{};
  std::string segment_name;  // parameter SEGMENT_NAME.weight: [segments, width]; empty: no segments
  int64_t segments = 1;
  // Tensor parallelism: the rows of the table of tokens that this member has, one range of axis 0. `vocabulary` counts
  // all tokens. A token of another member's rows gives zeros.
  AxisSlice slice{};
  // False: Forward leaves positions and segments out, but BackwardWeight computes their gradients. For members whose
  // outputs are summed, except the first.
  bool adds_positions = true;
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

// Root-mean-square normalisation (Zhang and Sennrich 2019) of runs of `width` features: [rows…, row] → the same shape:
// y = x / √(mean(x²) + epsilon) · weight. Parameter NAME.weight: [width], one for all runs. The other features of a row
// are copied. With more than one run it normalises the heads of queries or keys.
struct RmsNormSpec {
  static constexpr char kKind[] = "RMS norm";
  std::string name;
  int64_t width = 0;
  double epsilon = 1e-6;
  int64_t row = 0;    // features of a row; 0: width
  int64_t begin = 0;  // the first feature of the first run
  int64_t runs = 1;   // one behind the other
};

// Element by element: [rows…, 2 · width] → [rows…, width]: activation(x[0 … width)) · x[width … 2 · width), the gate of
// a gated feed-forward layer (Shazeer 2020). The two halves come from one linear layer.
struct GateSpec {
  static constexpr char kKind[] = "gate";
  ActivationKind kind = ActivationKind::kSilu;
};

// How a factor above 1 makes rotary positions turn slower.
enum class RotaryStretch : int8_t {
  // Llama 3.1: pairs whose wavelength exceeds context / low_frequency turn `factor` times slower, those below context /
  // high_frequency as before, and those between are blended linearly in context / wavelength.
  kLlama3,
  // All pairs turn `factor` times slower (Chen et al. 2023, "Extending Context Window of Large Language Models via
  // Positional Interpolation").
  kLinear,
  // YaRN (Peng et al. 2023): as kLlama3, but blended linearly in the number of the pair, between those that turn
  // high_frequency and low_frequency times within the context. Whole numbers unless blends_between_pairs.
  kYarn,
};

// The wavelengths of rotary positions. Pair i of a head turns by position · frequency(i), where
// frequency(i) = base^(−2i / head width), stretched by `factor`.
struct RotaryFrequencies {
  double base = 10000;
  double factor = 1;
  double low_frequency = 1;
  double high_frequency = 4;
  double context = 8192;  // of the first training, in tokens
  RotaryStretch stretch = RotaryStretch::kLlama3;
  bool blends_between_pairs = false;
  double magnitude = 1;  // of turned pairs, beside 1 before
};

// Rotary positions (Su et al. 2021): [sequences, context, row] → the same shape. Features i and i + width / 2 of a head
// turn as a pair, for each of the first `heads` heads of `width` features; the other features of a row are copied.
struct RotarySpec {
  static constexpr char kKind[] = "rotary";
  int64_t heads = 0;  // queries' and keys' heads, which stand side by side
  int64_t width = 0;  // of a head; even
  RotaryFrequencies frequencies{};
};

// Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1), without its projections:
// [sequences, context, width + 2 · key width] f32 (queries, keys, values side by side) → [sequences, context, width]
// f32. key width = key_value_heads · (width / heads). With fewer key-value heads than heads, heads / key_value_heads
// neighbouring heads share one (Ainslie et al. 2023).
struct AttentionSpec {
  static constexpr char kKind[] = "attention";
  int64_t heads = 0;
  int64_t width = 0;            // of all heads of the queries together
  int64_t key_value_heads = 0;  // divides heads; 0: heads
  bool causal = true;           // a query sees keys up to its own position; else all keys
  int64_t window = 0;           // causal only: a query sees its own and the window − 1 keys before; 0: all before
  // In training a probability becomes 0 with this one, and the others are multiplied by 1 / (1 − dropout); see
  // ops/layers/attention_dropout.h.
  double dropout = 0;
  std::string name = "";  // unique in the model if there is dropout; keys its random numbers
  // Tensor parallelism: the number, in the whole layer, of this member's first head. Keys random numbers, too.
  int64_t first_head = 0;

  int64_t HeadWidth() const { return width / heads; }
  int64_t KeyValueHeads() const { return key_value_heads == 0 ? heads : key_value_heads; }
  int64_t RowWidth() const { return width + 2 * KeyValueHeads() * HeadWidth(); }
};

// Softmax and cross-entropy with targets: [rows…] i32: [rows…, classes] f32 → a loss.
// loss = Σ rows −log p(target) / loss_rows. loss_rows counts the rows of the whole batch, so that the losses of its
// micro-batches sum to the mean over all rows. Rows whose target is kIgnoredTarget (ops/layers/token_ids.h) count 0.
// A row's loss may have z_loss · (log Σ exp(row))² more (Chowdhery et al. 2022, section 5).
struct CrossEntropySpec {
  static constexpr char kKind[] = "cross-entropy";
  int64_t classes = 0;
  int64_t loss_rows = 0;
  double z_loss = 0;  // at least 0
  // Tensor parallelism: the columns of the logits that this member has, one range; `classes` counts its indices. Padded
  // columns stand behind them; their logits count in no sum, and their gradients are 0.
  // Targets are in [0, slice.whole). Forward exchanges the maximum, the sum of exponentials and the target's logit of
  // each row with the other members, so that every member computes the loss of the whole row.
  AxisSlice slice{};
};

// Tensor parallelism with slices of rows: each member has one of `num_members` equal runs of the rows of a micro-batch,
// [sequences, context, width]. num_members divides sequences · context.
//
//   2 sequences of 3 rows, 2 members    [2, 3, width]   member 0: [1, 3, width]   rows 0 1 2
//                                                       member 1: [1, 3, width]   rows 3 4 5
//   1 sequence of 4 rows, 2 members     [1, 4, width]   member 1: [1, 2, width]   rows 2 3
struct RowSlices {
  int num_members = 1;  // 1: nothing is cut
  int member = 0;
  int64_t sequences = 0;  // of the whole
  int64_t context = 0;    // rows of a sequence

  // The first two extents of the whole, and of a slice.
  std::pair<int64_t, int64_t> OfWhole() const { return {sequences, context}; }
  std::pair<int64_t, int64_t> OfSlice() const {
    if (sequences % num_members == 0) return {sequences / num_members, context};
    return {1, sequences * context / num_members};
  }
  int64_t FirstRow() const { return member * (sequences * context / num_members); }
};

// Dropout (Srivastava et al. 2014), any shape [sequences, …]: in training each element becomes 0 with `probability`,
// and the others are multiplied by 1 / (1 − probability); an evaluation copies them. See ops/layers/dropout_mask.h for
// the random numbers.
struct DropoutSpec {
  static constexpr char kKind[] = "dropout";
  std::string name;  // unique in the model; keys the random numbers
  double probability = 0;
  RowSlices rows{};  // of the input, if it is a slice; its random numbers are those of the whole
};

// The first row of each sequence: [sequences, rows, width] → [sequences, width]. A classifier reads the class token.
struct FirstRowSpec {
  static constexpr char kKind[] = "first row";
};

// Features [begin, end) of each row: [rows…, features] → [rows…, end − begin]. In tensor parallelism, the part of a
// whole row that a member's columns of a weight read.
struct ColumnsSpec {
  static constexpr char kKind[] = "columns";
  int64_t begin = 0;
  int64_t end = 0;  // at least begin + 1
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_PRIMITIVE_SPEC_H_
