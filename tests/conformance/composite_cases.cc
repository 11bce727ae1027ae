// Cases of layers that are made of others, up to whole models.
#include "tests/conformance/composite_cases.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/llama/llama.h"
#include "ops/models/mlp/mlp.h"
#include "tests/conformance/primitive_cases.h"

namespace baton {

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

LayerCase HeadCase(int64_t rows, int64_t inputs, int64_t classes, bool bias, DataType type, double z_loss) {
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

LayerCase ResidualCase(DataType type) {
  ResidualSpec residual;
  residual.layers = {LayerNormCase(1, 12, type).spec,
                     LinearCase({1}, 12, 20, true, type).spec,
                     {ActivationSpec{ActivationKind::kGelu}},
                     LinearCase({1}, 20, 12, false, type).spec};
  return {"residual block", {residual}, Shape(type, {3, 5, 12})};
}

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

}  // namespace baton
