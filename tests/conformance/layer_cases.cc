// The cases of each kind of layer.
#include "tests/conformance/layer_cases.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/llama/llama.h"
#include "ops/models/mlp/mlp.h"

namespace baton {
namespace {

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

LayerCase RotaryCase(int64_t context, int64_t heads, int64_t width, int64_t rest, double factor, DataType type) {
  RotarySpec spec{heads, width, {}};
  spec.frequencies.factor = factor;
  spec.frequencies.context = 16;
  return {absl::StrCat("rotary of ", heads, " heads of ", width, ", factor ", factor),
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

LayerCase CrossEntropyCase(int64_t rows, int64_t classes, DataType type, double z_loss = 0) {
  LayerCase result{absl::StrCat("cross-entropy of ", classes, " classes, z-loss ", z_loss),
                   {CrossEntropySpec{classes, 3 * rows, z_loss}},
                   Shape(type, {rows, classes})};
  result.num_classes = classes;
  result.scale = 4;
  return result;
}

// The layers of one member of a tensor-parallel group, without the others: sums over members are left out.

LayerCase WithoutBiasCase(std::vector<int64_t> rows, int64_t inputs, int64_t outputs, DataType type) {
  LayerCase result = LinearCase(std::move(rows), inputs, outputs, true, type);
  result.name += " that another member adds";
  std::get<LinearSpec>(result.spec.kind).adds_bias = false;
  return result;
}

// Tokens [begin, end) of a table, and rows of padding.
LayerCase EmbeddingSliceCase(LayerCase whole, int64_t begin, int64_t end, int64_t padding, bool adds_positions) {
  auto& spec = std::get<EmbeddingSpec>(whole.spec.kind);
  whole.name = absl::StrCat("slice from ", begin, " of ", whole.name);
  spec.slice = {0, spec.vocabulary, {{begin, end}}, padding};
  spec.adds_positions = adds_positions;
  return whole;
}

// Classes [begin, end) of `whole`, and columns of padding.
LayerCase LossSliceCase(int64_t rows, int64_t whole, int64_t begin, int64_t end, int64_t padding, DataType type,
                        double z_loss = 0) {
  LayerCase result = CrossEntropyCase(rows, end - begin + padding, type, z_loss);
  result.name = absl::StrCat("slice from ", begin, " to ", end, " of ", whole, " of ", result.name);
  std::get<CrossEntropySpec>(result.spec.kind).slice = {1, whole, {{begin, end}}, padding};
  result.num_classes = whole;
  return result;
}

// The rows of `member`, of the sequences that one micro-batch has.
LayerCase DropoutSliceCase(int64_t sequences, int64_t context, int64_t width, int num_members, int member,
                           DataType type) {
  DropoutSpec spec{"d", 0.5};
  spec.rows = {num_members, member, sequences, context};
  const auto [own_sequences, rows] = spec.rows.OfSlice();
  return {absl::StrCat("dropout of member ", member, " of ", num_members, ", width ", width),
          {spec},
          Shape(type, {own_sequences, rows, width})};
}

// A residual block as of ResNet, whose shortcut changes the shape, then a classifier.
LayerCase ShortcutCase(BatchStatistics statistics, DataType type) {
  ResidualSpec residual;
  residual.layers = {ConvolutionCase({1, 3, 1, 1}, 6, 3, 2, 1, false, type).spec,
                     BatchNormCase({1, 6, 1, 1}, statistics, type).spec,
                     {ActivationSpec{ActivationKind::kGelu}},
                     {ConvolutionSpec{"second", 6, 6, 3, 1, 1, true}}};
  residual.shortcut = {{ConvolutionSpec{"shortcut", 3, 6, 1, 2, 0, false}}, {GroupNormSpec{"shortcut_norm", 6, 2}}};
  LinearSpec linear;
  linear.name = "classifier";
  linear.inputs = 6 * 3 * 2;
  linear.outputs = 4;
  SequenceSpec layers;
  layers.layers = {{residual}, {PoolSpec{PoolKind::kMax, 2, 1, 1}}, {GlobalAverageSpec{}}, {CrossEntropySpec{6, 9}}};
  LayerCase result{"residual block with a shortcut", {layers}, Shape(type, {3, 3, 5, 4})};
  if (statistics == BatchStatistics::kFrozen) {
    layers.layers[1] = {FlattenedSpec{{{linear}}}};
    layers.layers[2] = {CrossEntropySpec{4, 9}};
    layers.layers.pop_back();
    result.spec = {layers};
  }
  result.num_classes = statistics == BatchStatistics::kFrozen ? 4 : 6;
  return result;
}

// A linear layer and the loss of its outputs, which backends may make as one layer.
LayerCase HeadCase(int64_t rows, int64_t inputs, int64_t classes, bool bias, DataType type, double z_loss = 0) {
  LinearSpec head;
  head.name = "head";
  head.inputs = inputs;
  head.outputs = classes;
  head.bias = bias;
  LayerCase result{absl::StrCat("head of ", classes, " classes", bias ? " with" : " without", " bias, z-loss ", z_loss),
                   {SequenceSpec{{{head}, {CrossEntropySpec{classes, 3 * rows, z_loss}}}}},
                   Shape(type, {rows, inputs})};
  result.num_classes = classes;
  result.scale = 4;
  return result;
}

// All layers of a model as one Sequence.
LayerCase WholeModel(const ModelSpec& model, int64_t num_tokens, int64_t num_classes, DataType type) {
  LayerCase result;
  result.name = absl::StrCat("whole ", model.name);
  result.spec = {SequenceSpec{model.layers}};
  const bool tokens = model.input_shape.type() == DataType::kInt32;
  result.input = tokens ? model.input_shape : Shape(type, model.input_shape.extents());
  result.num_tokens = num_tokens;
  result.num_classes = num_classes;
  return result;
}

LayerCase GptCase(const Gpt2Options& options) {
  return WholeModel(Gpt2Model(options, 2, 6).value(), options.vocabulary, options.vocabulary, DataType::kFloat64);
}

// Everything at once: shared keys, a window, norms of heads that are wider than the model, biases, stretched positions.
LayerCase LlamaCase(bool all) {
  LlamaOptions options;
  options.layers = 2;
  options.width = 12;
  options.heads = 4;
  options.key_value_heads = 2;
  options.head_width = 6;
  options.feed_forward = 10;
  options.vocabulary = 7;
  options.sequence = 5;
  options.tied = options.query_key_norm = options.query_key_value_bias = all;
  options.attention_output_bias = options.feed_forward_bias = all;
  if (all) {
    options.window = 3;
    options.frequencies = {50, 4, 1, 4, 8};
  }
  return WholeModel(LlamaModel(options, 2, 6).value(), options.vocabulary, options.vocabulary, DataType::kFloat64);
}

LayerCase MlpCase(ActivationKind activation, DataType type) {
  MlpOptions options;
  options.sizes = {9, 7, 5, 4};
  options.activation = activation;
  return WholeModel(MlpModel(options, 3, 6).value(), 0, options.sizes.back(), type);
}

// A feed-forward layer. A `hidden` that is no multiple of 8 prevents fusing.
LayerCase FeedForwardCase(int64_t rows, int64_t hidden, ActivationKind activation, bool last_bias, DataType type) {
  SequenceSpec layers;
  layers.layers = {LinearCase({1}, 16, hidden, true, type).spec,
                   {ActivationSpec{activation}},
                   LinearCase({1}, hidden, 16, last_bias, type).spec};
  std::get<LinearSpec>(layers.layers[0].kind).name = "up";
  return {absl::StrCat("feed-forward of ", hidden, last_bias ? " with" : " without", " a last bias"),
          {layers},
          Shape(type, {rows, 16})};
}

// The part of a member that leaves the last bias to another one.
LayerCase FeedForwardSliceCase(int64_t rows, int64_t hidden, DataType type) {
  LayerCase result = FeedForwardCase(rows, hidden, ActivationKind::kGeluTanh, true, type);
  result.name += " that another member adds";
  std::get<LinearSpec>(std::get<SequenceSpec>(result.spec.kind).layers.back().kind).adds_bias = false;
  return result;
}

LayerCase ResidualCase(DataType type) {
  ResidualSpec residual;
  residual.layers = {LayerNormCase(1, 12, type).spec,
                     LinearCase({1}, 12, 20, true, type).spec,
                     {ActivationSpec{ActivationKind::kGelu}},
                     LinearCase({1}, 20, 12, false, type).spec};
  return {"residual block", {residual}, Shape(type, {3, 5, 12})};
}

}  // namespace

LayerCase GeluBlockCase(int64_t rows, int64_t width, int64_t hidden) {
  const auto linear = [](const char* name, int64_t inputs, int64_t outputs) {
    LinearSpec spec;
    spec.name = name;
    spec.inputs = inputs;
    spec.outputs = outputs;
    return spec;
  };
  ResidualSpec residual;
  residual.layers = {
      {linear("up", width, hidden)}, {ActivationSpec{ActivationKind::kGeluTanh}}, {linear("down", hidden, width)}};
  return {"GELU block", {residual}, Shape(DataType::kFloat32, {rows, width})};
}

std::vector<LayerCase> AllLayerCases() {
  const DataType type = DataType::kFloat32;
  std::vector<LayerCase> cases = {
      LinearCase({1}, 1, 1, true, type),
      LinearCase({1}, 7, 5, true, type),
      LinearCase({3}, 1, 4, false, type),
      LinearCase({5}, 4, 1, true, type),
      LinearCase({17}, 33, 9, true, type),
      LinearCase({2, 31}, 48, 144, true, type),
      LinearCase({64}, 128, 96, false, type),
      LinearCase({130}, 65, 67, true, type),
      LinearCase({4200}, 3, 5, true, type),
      EmbeddingCase(1, 1, 1, true),
      EmbeddingCase(2, 5, 16, true),
      EmbeddingCase(3, 4, 33, false),
      EmbeddingCase(4, 9, 64, true),
      EmbeddingCase(3, 400, 24, false),
      LayerNormCase(1, 1, type),
      LayerNormCase(1, 5, type),
      LayerNormCase(9, 16, type),
      LayerNormCase(33, 100, type),
      LayerNormCase(8, 384, type),
      LayerNormCase(4200, 3, type),
      CrossEntropyCase(1, 1, type),
      CrossEntropyCase(1, 2, type),
      CrossEntropyCase(3, 5, type),
      CrossEntropyCase(7, 33, type),
      CrossEntropyCase(16, 256, type),
      CrossEntropyCase(7, 33, type, 0.1),
      HeadCase(1, 2, 2, true, type),
      HeadCase(7, 16, 33, true, type, 0.1),
      HeadCase(5, 8, 256, false, type),
      HeadCase(2, 8, 8208, false, type),
      AttentionCase(1, 1, 1, 1, type),
      AttentionCase(2, 1, 3, 5, type),
      AttentionCase(1, 3, 3, 5, type),
      AttentionCase(2, 17, 3, 5, type),
      AttentionCase(1, 64, 2, 8, type),
      AttentionCase(1, 65, 2, 8, type),
      AttentionCase(2, 130, 1, 16, type),
      AttentionCase(1, 33, 2, 40, type),
      AttentionCase(1, 34, 1, 100, type),
      AttentionCase(1, 20, 1, 129, type),
      AttentionCase(2, 17, {6, 30, 2}, type),
      AttentionCase(2, 70, {4, 32, 1}, type),
      AttentionCase(2, 33, {3, 15, 0, /*causal=*/false}, type),
      AttentionCase(1, 130, {2, 16, 1, /*causal=*/false}, type),
      AttentionCase(2, 9, {2, 8, 0, /*causal=*/true, /*window=*/1}, type),
      AttentionCase(1, 200, {4, 16, 2, /*causal=*/true, /*window=*/5}, type),
      AttentionCase(1, 200, {2, 16, 0, /*causal=*/true, /*window=*/70}, type),
      AttentionCase(1, 20, {2, 16, 0, /*causal=*/true, /*window=*/300}, type),
      AttentionCase(2, 17, {3, 15, 0, /*causal=*/true, /*window=*/0, /*dropout=*/0.25, "a"}, type),
      AttentionCase(2, 300, {2, 16, 1, /*causal=*/false, /*window=*/0, /*dropout=*/0.1, "a"}, type),
      AttentionCase(1, 200, {4, 16, 2, /*causal=*/true, /*window=*/70, /*dropout=*/0.5, "a"}, type),
      AttentionCase(2, 17, {2, 8, 0, /*causal=*/true, /*window=*/0, /*dropout=*/0.5, "a", /*first_head=*/4}, type),
      RmsNormCase(1, 1, 0, 1, 0, type),
      RmsNormCase(9, 33, 0, 1, 0, type),
      RmsNormCase(5, 384, 0, 1, 0, type),
      RmsNormCase(1100, 3, 0, 1, 0, type),
      RmsNormCase(7, 10, 3, 4, 5, type),
      GateCase(ActivationKind::kRelu, 3, 5, type),
      GateCase(ActivationKind::kGelu, 3, 17, type),
      GateCase(ActivationKind::kGeluTanh, 9, 33, type),
      GateCase(ActivationKind::kSilu, 1, 1, type),
      GateCase(ActivationKind::kSilu, 7, 130, type),
      RotaryCase(1, 1, 2, 0, 1, type),
      RotaryCase(19, 3, 10, 7, 1, type),
      RotaryCase(40, 2, 32, 0, 8, type),
      DropoutCase({1}, 0.5, type),
      DropoutCase({5, 3}, 0, type),
      DropoutCase({3, 7, 9}, 0.25, type),
      DropoutCase({2, 130}, 0.9, type),
      SegmentCase(2, 9, 5),
      ConvolutionCase({1, 1, 1, 1}, 1, 1, 1, 0, true, type),
      ConvolutionCase({2, 3, 9, 7}, 5, 3, 1, 1, true, type),
      ConvolutionCase({2, 3, 9, 7}, 4, 3, 2, 0, false, type),
      ConvolutionCase({1, 4, 16, 16}, 12, 7, 2, 3, true, type),
      ConvolutionCase({3, 16, 8, 8}, 8, 1, 1, 0, false, type),
      ConvolutionCase({2, 8, 8, 8}, 16, 1, 2, 0, false, type),
      ConvolutionCase({1, 2, 4, 5}, 3, 4, 4, 3, true, type),
      GroupNormCase({1, 1, 1, 1}, 1, type),
      GroupNormCase({2, 6, 5, 3}, 3, type),
      GroupNormCase({3, 4, 8, 8}, 4, type),
      GroupNormCase({2, 12, 16, 16}, 1, type),
      BatchNormCase({2, 3, 1, 1}, BatchStatistics::kMicroBatch, type),
      BatchNormCase({3, 5, 7, 3}, BatchStatistics::kMicroBatch, type),
      BatchNormCase({4, 16, 8, 8}, BatchStatistics::kMicroBatch, type),
      BatchNormCase({3, 5, 7, 3}, BatchStatistics::kFrozen, type),
      PoolCase(PoolKind::kMax, {1, 1, 1, 1}, 1, 1, 0, type),
      PoolCase(PoolKind::kMax, {2, 3, 9, 8}, 3, 2, 1, type),
      PoolCase(PoolKind::kMax, {2, 3, 9, 8}, 2, 2, 0, type),
      PoolCase(PoolKind::kAverage, {2, 3, 9, 8}, 3, 2, 1, type),
      PoolCase(PoolKind::kAverage, {1, 16, 8, 8}, 8, 8, 0, type),
      GlobalAverageCase({2, 3, 5, 7}, type),
      GlobalAverageCase({2, 5, 7}, type),
      PatchesCase({2, 3, 4, 6}, 2, type),
      PatchesCase({1, 1, 3, 3}, 1, type),
      PositionsCase({3, 4, 5}, true, type),
      PositionsCase({3, 4, 5}, false, type),
      FirstRowCase({3, 4, 5}, type),
      FirstRowCase({1, 1, 1}, type),
      ColumnsCase(2, 5, {3, 4, 7}, type),
      ColumnsCase(0, 1, {1, 1}, type),
      ColumnsCase(8, 24, {5, 32}, type),
      WithoutBiasCase({17}, 33, 9, type),
      WithoutBiasCase({2, 8}, 16, 24, type),
      EmbeddingSliceCase(EmbeddingCase(2, 9, 16, true), 0, 4, 0, true),
      EmbeddingSliceCase(EmbeddingCase(2, 9, 5, true), 4, 7, 1, false),
      EmbeddingSliceCase(EmbeddingCase(2, 9, 16, false), 2, 4, 0, true),
      EmbeddingSliceCase(SegmentCase(2, 9, 5), 3, 7, 0, true),
      EmbeddingSliceCase(SegmentCase(2, 9, 8), 0, 3, 1, false),
      LossSliceCase(1, 2, 1, 2, 0, type),
      LossSliceCase(9, 33, 0, 17, 0, type),
      LossSliceCase(9, 33, 17, 33, 1, type),
      LossSliceCase(16, 600, 300, 600, 0, type, 0.1),
      LossSliceCase(40, 24, 8, 16, 8, type),
      DropoutSliceCase(4, 3, 8, 2, 1, type),
      DropoutSliceCase(1, 6, 8, 2, 1, type),
      DropoutSliceCase(3, 2, 5, 2, 1, type),
      ShortcutCase(BatchStatistics::kMicroBatch, type),
      ShortcutCase(BatchStatistics::kFrozen, type),
      ResidualCase(type),
      FeedForwardCase(1, 24, ActivationKind::kGeluTanh, true, type),
      FeedForwardCase(33, 24, ActivationKind::kGeluTanh, true, type),
      FeedForwardCase(9, 40, ActivationKind::kGeluTanh, false, type),
      FeedForwardCase(9, 20, ActivationKind::kGeluTanh, true, type),
      FeedForwardCase(9, 24, ActivationKind::kGelu, true, type),
      FeedForwardSliceCase(9, 24, type),
      MlpCase(ActivationKind::kRelu, type),
      GptCase({3, 24, 3, 9, 11}),
      GptCase({1, 8, 2, 4, 5, ActivationKind::kGeluTanh}),
      GptCase({2, 8, 2, 6, 5, ActivationKind::kGelu, 4, 20, 1e-3, false}),
      LlamaCase(false),
      LlamaCase(true),
  };
  for (const ActivationKind kind :
       {ActivationKind::kRelu, ActivationKind::kGelu, ActivationKind::kGeluTanh, ActivationKind::kSilu}) {
    cases.push_back(ActivationCase(kind, {1}, type));
    cases.push_back(ActivationCase(kind, {3, 17}, type));
    cases.push_back(ActivationCase(kind, {4, 256}, type));
  }
  return cases;
}

std::vector<LayerCase> DoubleLayerCases() {
  const DataType type = DataType::kFloat64;
  return {
      LinearCase({2, 3}, 5, 4, true, type),
      LinearCase({4}, 3, 2, false, type),
      LayerNormCase(3, 6, type),
      ActivationCase(ActivationKind::kRelu, {3, 5}, type),
      ActivationCase(ActivationKind::kGelu, {3, 5}, type),
      ActivationCase(ActivationKind::kGeluTanh, {3, 5}, type),
      AttentionCase(2, 4, 3, 2, type),
      AttentionCase(1, 1, 1, 3, type),
      AttentionCase(2, 5, {4, 8, 2}, type),
      AttentionCase(1, 5, {2, 4, 0, /*causal=*/false}, type),
      AttentionCase(1, 6, {2, 4, 1, /*causal=*/true, /*window=*/3}, type),
      AttentionCase(2, 5, {2, 4, 0, /*causal=*/true, /*window=*/0, /*dropout=*/0.5, "a"}, type),
      ActivationCase(ActivationKind::kSilu, {3, 5}, type),
      RmsNormCase(3, 6, 0, 1, 0, type),
      RmsNormCase(2, 4, 1, 2, 3, type),
      GateCase(ActivationKind::kRelu, 2, 3, type),
      GateCase(ActivationKind::kGelu, 2, 3, type),
      GateCase(ActivationKind::kGeluTanh, 2, 3, type),
      GateCase(ActivationKind::kSilu, 2, 3, type),
      RotaryCase(5, 2, 4, 3, 2, type),
      DropoutCase({2, 3, 3}, 0.5, type),
      ConvolutionCase({2, 2, 5, 4}, 3, 3, 2, 1, true, type),
      ConvolutionCase({1, 3, 4, 4}, 2, 1, 1, 0, false, type),
      GroupNormCase({2, 4, 3, 2}, 2, type),
      BatchNormCase({3, 2, 2, 3}, BatchStatistics::kMicroBatch, type),
      BatchNormCase({3, 2, 2, 3}, BatchStatistics::kFrozen, type),
      PoolCase(PoolKind::kMax, {2, 2, 5, 4}, 3, 2, 1, type),
      PoolCase(PoolKind::kAverage, {2, 2, 5, 4}, 3, 2, 1, type),
      GlobalAverageCase({2, 3, 2, 3}, type),
      GlobalAverageCase({2, 3, 4}, type),
      PatchesCase({2, 2, 4, 6}, 2, type),
      PositionsCase({2, 3, 4}, true, type),
      PositionsCase({2, 3, 4}, false, type),
      FirstRowCase({2, 3, 4}, type),
      ColumnsCase(1, 3, {2, 3, 4}, type),
      DropoutSliceCase(1, 4, 3, 2, 1, type),
      ShortcutCase(BatchStatistics::kMicroBatch, type),
      ShortcutCase(BatchStatistics::kFrozen, type),
      CrossEntropyCase(4, 5, type),
      CrossEntropyCase(4, 5, type, 0.1),
      ResidualCase(type),
      MlpCase(ActivationKind::kGelu, type),
      MlpCase(ActivationKind::kRelu, type),
      GptCase({2, 6, 2, 3, 5}),
      LlamaCase(true),
  };
}

}  // namespace baton
