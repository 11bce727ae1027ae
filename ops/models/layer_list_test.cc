// Models from a list of layers: their parameters and errors.
#include "ops/models/layer_list.h"

#include <catch2/catch.hpp>

#include "ops/layers/build.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

std::vector<std::string> ParameterNames(const Layer& layer) {
  std::vector<std::string> names;
  for (const ParameterSpec& parameter : layer.parameters()) names.push_back(parameter.name);
  return names;
}

std::string ErrorOf(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("a list may contain each kind of layer") {
  LayerListOptions options;
  options.inputs = 6;
  ListedLinear linear;
  linear.outputs = 8;
  linear.bias = false;
  linear.activation = ActivationKind::kGelu;
  ListedLinear in, out;
  in.outputs = 5;
  in.activation = ActivationKind::kRelu;
  out.outputs = 8;
  options.layers = {linear, ListedLayerNorm{}, ListedResidual{{in, out}}, ListedActivation{}};
  const ModelSpec model = LayerListModel(options, 2, 4).value();
  const ReferenceBackend backend;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  CHECK(ParameterNames(*layers[0]) == std::vector<std::string>{"layers.0.weight"});
  CHECK(ParameterNames(*layers[1]) == std::vector<std::string>{"layers.1.weight", "layers.1.bias"});
  CHECK(ParameterNames(*layers[2]) ==
        std::vector<std::string>{"layers.2.0.weight", "layers.2.0.bias", "layers.2.1.weight", "layers.2.1.bias"});
  CHECK(ParameterNames(*layers[3]).empty());
  CHECK(layers[2]->output_shape() == Shape(DataType::kFloat32, {2, 8}));
  CHECK(layers[3]->output_shape().empty());
}

TEST_CASE("errors name the field of a list of layers") {
  LayerListOptions list;
  list.inputs = 4;
  CHECK_THAT(ErrorOf(LayerListModel(list, 1, 1).status()), Catch::StartsWith("model.layer: 0 entries"));
  list.layers = {ListedActivation{}, ListedLinear{}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) == "model.layer[1].outputs: 0 is not in [1, 1048576]");
  ListedLinear narrow;
  narrow.outputs = 3;
  list.layers = {ListedResidual{{narrow}}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) ==
        "model.layer[0].residual: leads from 4 to 3 in 1 layers; it needs at least one layer and must end as its "
        "shortcut, 4");
  list.layers = {ListedConvolution{4, 3}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) == "model.layer[0]: reads an image, not 4");
  list.layers = {ListedEmbedding{4, 3, 2}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) == "model.layer[0]: reads tokens, not 4");
  list.layers = {ListedLayerNorm{0}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) == "model.layer[0].epsilon: 0 is not positive");
}

TEST_CASE("a list reads images or tokens, too") {
  const ReferenceBackend backend;
  LayerListOptions images;
  images.image = {2, 6, 4};
  ListedResidual halves;
  halves.layers = {ListedConvolution{4, 3, 2, 1}, ListedBatchNorm{}};
  halves.shortcut = {ListedConvolution{4, 1, 2, 0, false}};
  ListedLinear linear;
  linear.outputs = 5;
  images.layers = {ListedGroupNorm{2}, halves, ListedPool{{PoolKind::kMax, 2, 1, 0}}, linear};
  const ModelSpec image_model = LayerListModel(images, 2, 4).value();
  const auto image_layers = BuildLayers(backend, image_model.layers, image_model.input_shape).value();
  CHECK(image_layers[1]->output_shape() == Shape(DataType::kFloat32, {2, 4, 3, 2}));
  CHECK(ParameterNames(*image_layers[1]) ==
        std::vector<std::string>{"layers.1.0.weight", "layers.1.0.bias", "layers.1.1.weight", "layers.1.1.bias",
                                 "layers.1.1.running_mean", "layers.1.1.running_var", "layers.1.shortcut.0.weight"});
  CHECK(image_layers[3]->parameters()[0].shape == Shape(DataType::kFloat32, {5, 4 * 2 * 1}));
  CHECK(image_model.targets_shape == Shape(DataType::kInt32, {2}));

  LayerListOptions tokens;
  tokens.context = 3;
  ListedResidual attention;
  attention.layers = {ListedRmsNorm{}, ListedAttention{4, 2, true, 2, RotaryFrequencies{}, false}, ListedDropout{0.5}};
  tokens.layers = {ListedEmbedding{7, 8, 9}, attention, ListedGatedFeedForward{6}, linear};
  const ModelSpec token_model = LayerListModel(tokens, 2, 4).value();
  const auto token_layers = BuildLayers(backend, token_model.layers, token_model.input_shape).value();
  CHECK(ParameterNames(*token_layers[1]) ==
        std::vector<std::string>{"layers.1.0.weight", "layers.1.1.qkv.weight", "layers.1.1.output.weight"});
  CHECK(token_layers[2]->output_shape() == Shape(DataType::kFloat32, {2, 3, 8}));
  CHECK(token_model.targets_shape == Shape(DataType::kInt32, {2, 3}));

  images.layers = {ListedPatches{2, 8, true}};
  CHECK(ErrorOf(LayerListModel(images, 1, 1).status()) ==
        "model.layer: ends with 7 x 8 features; it must end with one row of features, as behind global_average");
}

}  // namespace baton
