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
        "model.layer[0].residual: leads from width 4 to 3 in 1 layers; it needs at least one layer and must keep the "
        "width");
  list.layers = {ListedLayerNorm{0}};
  CHECK(ErrorOf(LayerListModel(list, 1, 1).status()) == "model.layer[0].epsilon: 0 is not positive");
}

}  // namespace baton
