// Cases of single layers, each named by its sizes. Inputs have `type`; those of embeddings are tokens.
#include "tests/conformance/primitive_cases.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

LayerCase LinearCase(std::vector<int64_t> rows, int64_t inputs, int64_t outputs, bool bias, DataType type) {
  LinearSpec spec;
  spec.name = "linear";
  spec.inputs = inputs;
  spec.outputs = outputs;
  spec.bias = bias;
  if (!bias) spec.weight_name = "tied.weight";
  rows.push_back(inputs);
  return {absl::StrCat("linear ", inputs, " to ", outputs, bias ? " with" : " without", " bias"),
          {spec},
          Shape(type, std::move(rows))};
}

LayerCase EmbeddingCase(int64_t sequences, int64_t context, int64_t width, bool positions) {
  EmbeddingSpec spec;
  spec.token_name = "tokens";
  if (positions) spec.position_name = "positions";
  spec.vocabulary = 7;
  spec.context = context + 1;
  spec.width = width;
  LayerCase result{absl::StrCat("embedding of width ", width, positions ? " with positions" : ""),
                   {spec},
                   Shape(DataType::kInt32, {sequences, context})};
  result.num_tokens = spec.vocabulary;
  return result;
}

LayerCase LayerNormCase(int64_t rows, int64_t width, DataType type) {
  LayerNormSpec spec;
  spec.name = "norm";
  spec.width = width;
  return {absl::StrCat("layer norm of width ", width), {spec}, Shape(type, {rows, width})};
}

LayerCase ActivationCase(ActivationKind kind, std::vector<int64_t> extents, DataType type) {
  const char* const name = kind == ActivationKind::kRelu   ? "relu"
                           : kind == ActivationKind::kGelu ? "gelu"
                           : kind == ActivationKind::kSilu ? "silu"
                                                           : "tanh gelu";
  LayerCase result{name, {ActivationSpec{kind}}, Shape(type, std::move(extents))};
  result.scale = 7;  // both tails of a GELU
  return result;
}

LayerCase AttentionCase(int64_t sequences, int64_t context, AttentionSpec spec, DataType type) {
  LayerCase result{absl::StrCat("attention of ", spec.heads, " heads of ", spec.HeadWidth(), " with ",
                                spec.KeyValueHeads(), " keys", spec.causal ? "" : ", not causal", ", window ",
                                spec.window, spec.dropout > 0 ? absl::StrCat(", dropout ", spec.dropout) : ""),
                   {spec},
                   Shape(type, {sequences, context, spec.RowWidth()})};
  result.scale = 2;
  return result;
}

LayerCase AttentionCase(int64_t sequences, int64_t context, int64_t heads, int64_t head_width, DataType type) {
  return AttentionCase(sequences, context, AttentionSpec{heads, heads * head_width}, type);
}

LayerCase RmsNormCase(int64_t rows, int64_t width, int64_t begin, int64_t runs, int64_t rest, DataType type) {
  RmsNormSpec spec;
  spec.name = "norm";
  spec.width = width;
  spec.begin = begin;
  spec.runs = runs;
  spec.row = begin + runs * width + rest;
  return {absl::StrCat("RMS norm of ", runs, " runs of ", width), {spec}, Shape(type, {rows, spec.row})};
}

LayerCase GateCase(ActivationKind kind, int64_t rows, int64_t width, DataType type) {
  LayerCase result{absl::StrCat("gate ", static_cast<int>(kind), " of width ", width),
                   {GateSpec{kind}},
                   Shape(type, {rows, 2 * width})};
  result.scale = 4;
  return result;
}

LayerCase RotaryCase(int64_t context, int64_t heads, int64_t width, int64_t rest, double factor, DataType type,
                     double magnitude) {
  RotarySpec spec{heads, width, {}};
  spec.frequencies.magnitude = magnitude;
  spec.frequencies.factor = factor;
  spec.frequencies.context = 16;
  return {absl::StrCat("rotary of ", heads, " heads of ", width, ", factor ", factor, ", magnitude ", magnitude),
          {spec},
          Shape(type, {2, context, heads * width + rest})};
}

LayerCase DropoutCase(std::vector<int64_t> extents, double probability, DataType type) {
  return {absl::StrCat("dropout ", probability), {DropoutSpec{"d", probability}}, Shape(type, std::move(extents))};
}

LayerCase SegmentCase(int64_t sequences, int64_t context, int64_t width) {
  EmbeddingSpec spec;
  spec.token_name = "tokens";
  spec.position_name = "positions";
  spec.segment_name = "segments";
  spec.vocabulary = 7;
  spec.segments = 3;
  spec.context = context;
  spec.width = width;
  LayerCase result{"embedding with segments", {spec}, Shape(DataType::kInt32, {sequences, context})};
  result.num_tokens = spec.vocabulary * spec.segments;
  return result;
}

LayerCase ConvolutionCase(std::vector<int64_t> image, int64_t outputs, int64_t kernel, int64_t stride, int64_t padding,
                          bool bias, DataType type) {
  return {absl::StrCat("convolution to ", outputs, " by ", kernel, ", stride ", stride, ", padding ", padding),
          {ConvolutionSpec{"convolution", image[1], outputs, kernel, stride, padding, bias}},
          Shape(type, std::move(image))};
}

LayerCase GroupNormCase(std::vector<int64_t> image, int64_t groups, DataType type) {
  return {absl::StrCat("group norm of ", groups, " groups"),
          {GroupNormSpec{"norm", image[1], groups}},
          Shape(type, std::move(image))};
}

LayerCase BatchNormCase(std::vector<int64_t> image, BatchStatistics statistics, DataType type) {
  return {statistics == BatchStatistics::kFrozen ? "frozen batch norm" : "batch norm",
          {BatchNormSpec{"norm", image[1], 1e-5, statistics}},
          Shape(type, std::move(image))};
}

LayerCase PoolCase(PoolKind kind, std::vector<int64_t> image, int64_t kernel, int64_t stride, int64_t padding,
                   DataType type) {
  return {absl::StrCat(kind == PoolKind::kMax ? "max" : "average", " pooling by ", kernel, ", stride ", stride,
                       ", padding ", padding),
          {PoolSpec{kind, kernel, stride, padding}},
          Shape(type, std::move(image))};
}

LayerCase GlobalAverageCase(std::vector<int64_t> extents, DataType type) {
  return {"global average", {GlobalAverageSpec{}}, Shape(type, std::move(extents))};
}

LayerCase PatchesCase(std::vector<int64_t> image, int64_t edge, DataType type) {
  return {absl::StrCat("patches of ", edge), {PatchesSpec{edge}}, Shape(type, std::move(image))};
}

LayerCase PositionsCase(std::vector<int64_t> rows, bool class_token, DataType type) {
  return {class_token ? "positions with a class token" : "positions",
          {PositionsSpec{"p", class_token}},
          Shape(type, std::move(rows))};
}

LayerCase ColumnsCase(int64_t begin, int64_t end, std::vector<int64_t> rows, DataType type) {
  return {"columns", {ColumnsSpec{begin, end}}, Shape(type, std::move(rows))};
}

LayerCase FirstRowCase(std::vector<int64_t> rows, DataType type) {
  return {"first row", {FirstRowSpec{}}, Shape(type, std::move(rows))};
}

LayerCase CrossEntropyCase(int64_t rows, int64_t classes, DataType type, double z_loss) {
  LayerCase result{absl::StrCat("cross-entropy of ", classes, " classes, z-loss ", z_loss),
                   {CrossEntropySpec{classes, 3 * rows, z_loss}},
                   Shape(type, {rows, classes})};
  result.num_classes = classes;
  result.scale = 4;
  return result;
}

}  // namespace baton
