// The MLP: its layers, initial values and errors.
#include "ops/models/mlp/mlp.h"

#include <catch2/catch.hpp>

#include "ops/layers/build.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

std::string ErrorOf(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("a layer of an MLP is a linear layer with the activation or loss after it") {
  MlpOptions options;
  options.sizes = {784, 512, 256, 10};
  const ModelSpec model = MlpModel(options, 16, 64).value();
  CHECK(model.name == "mlp");
  CHECK(model.input_shape == Shape(DataType::kFloat32, {16, 784}));
  CHECK(model.targets_shape == Shape(DataType::kInt32, {16}));
  REQUIRE(model.layers.size() == 3);
  const ReferenceBackend backend;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  CHECK(layers[1]->input_shape() == Shape(DataType::kFloat32, {16, 512}));
  CHECK(layers[2]->output_shape().empty());
  const ParameterSpec weight = layers[0]->parameters()[0];
  CHECK(weight.name == "layers.0.weight");
  CHECK(weight.shape == Shape(DataType::kFloat32, {512, 784}));
  CHECK(weight.initializer.kind == Initializer::Kind::kUniform);
  CHECK(weight.initializer.scale == Approx(1 / 28.0));
  const auto& last = std::get<SequenceSpec>(model.layers[2].kind).layers;
  REQUIRE(last.size() == 2);
  CHECK(std::get<CrossEntropySpec>(last[1].kind).loss_rows == 64);
}

TEST_CASE("without an activation a hidden layer is its linear layer alone") {
  const auto layers_of = [](std::optional<ActivationKind> activation) {
    MlpOptions options;
    options.sizes = {8, 6, 4};
    options.activation = activation;
    return MlpModel(options, 2, 2).value().layers[0];
  };
  CHECK(std::get<SequenceSpec>(layers_of(std::nullopt).kind).layers.size() == 1);
  CHECK(std::get<SequenceSpec>(layers_of(ActivationKind::kGelu).kind).layers.size() == 2);
}

TEST_CASE("errors name the field of an MLP") {
  MlpOptions mlp;
  mlp.sizes = {4};
  CHECK_THAT(ErrorOf(MlpModel(mlp, 1, 1).status()), Catch::StartsWith("model.mlp.sizes: 1 entries"));
  mlp.sizes = {4, 0, 2};
  CHECK(ErrorOf(MlpModel(mlp, 1, 1).status()) == "model.mlp.sizes[1]: 0 is not in [1, 1048576]");
}

}  // namespace baton
