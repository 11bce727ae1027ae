// The models' parameters, splits and complaints.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "ops/layers/build.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/layer_list.h"
#include "ops/models/mlp/mlp.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

std::vector<std::string> ParameterNames(const Layer& layer) {
  std::vector<std::string> names;
  for (const ParameterSpec& parameter : layer.parameters()) names.push_back(parameter.name);
  return names;
}

std::vector<ParameterSpec> ParametersOf(const ModelSpec& model) {
  std::vector<ParameterSpec> parameters;
  const ReferenceBackend backend;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  for (const auto& layer : layers) {
    for (const ParameterSpec& parameter : layer->parameters()) parameters.push_back(parameter);
  }
  return parameters;
}

Gpt2Options SmallGpt2() { return {3, 8, 2, 4, 11}; }

std::string Complaint(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("gpt2 is split at its blocks, with the names of its weights") {
  const ModelSpec model = Gpt2Model(SmallGpt2(), 2, 8).value();
  CHECK(model.layer_names == std::vector<std::string>{"h.0", "h.1", "h.2"});
  CHECK(model.input_shape == Shape(DataType::kInt32, {2, 4}));
  CHECK(model.targets_shape == model.input_shape);
  const ReferenceBackend backend;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  const auto block = [](const std::string& name) {
    std::vector<std::string> names;
    for (const char* part : {"ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"}) {
      names.push_back(name + "." + part + ".weight");
      names.push_back(name + "." + part + ".bias");
    }
    return names;
  };
  std::vector<std::string> first = block("h.0");
  first.insert(first.begin(), {"wte.weight", "wpe.weight"});
  std::vector<std::string> last = block("h.2");
  last.insert(last.end(), {"ln_f.weight", "ln_f.bias", "wte.weight"});
  CHECK(ParameterNames(*layers[0]) == first);
  CHECK(ParameterNames(*layers[1]) == block("h.1"));
  CHECK(ParameterNames(*layers[2]) == last);
  CHECK(layers[0]->output_shape() == Shape(DataType::kFloat32, {2, 4, 8}));
  CHECK(layers[2]->output_shape().empty());
}

TEST_CASE("gpt2 has as many parameters as the paper's smallest") {
  // 124,439,808: vocabulary 50257, context 1024, 12 layers of width 768, the head tied.
  const ModelSpec model = Gpt2Model({12, 768, 12, 1024, 50257}, 1, 1).value();
  const std::vector<ParameterSpec> parameters = ParametersOf(model);
  int64_t count = 0;
  std::set<std::string> counted;
  for (const ParameterSpec& parameter : parameters) {
    if (counted.insert(parameter.name).second) count += parameter.shape.NumElements();
  }
  CHECK(count == 124439808);
}

TEST_CASE("gpt2 starts as the paper says") {
  const ModelSpec model = Gpt2Model(SmallGpt2(), 1, 1).value();
  const std::vector<ParameterSpec> parameters = ParametersOf(model);
  for (const ParameterSpec& parameter : parameters) {
    CAPTURE(parameter.name);
    const bool matrix = parameter.shape.rank() == 2;
    CHECK(parameter.decays == matrix);
    if (!matrix) {
      const bool norm_weight =
          parameter.name.find("ln_") != std::string::npos && parameter.name.find(".weight") != std::string::npos;
      CHECK(parameter.initializer.kind == (norm_weight ? Initializer::Kind::kOnes : Initializer::Kind::kZeros));
      continue;
    }
    CHECK(parameter.initializer.kind == Initializer::Kind::kNormal);
    const bool residual = parameter.name.find("c_proj") != std::string::npos;
    CHECK(parameter.initializer.scale == Approx(residual ? 0.02 / std::sqrt(6.0) : 0.02));
  }
}

TEST_CASE("an mlp's layers are its linears with what follows them") {
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

TEST_CASE("a list of layers makes each kind") {
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

TEST_CASE("mistakes in a model are named") {
  const auto gpt2 = [](int64_t layers, int64_t width, int64_t heads, int64_t context, int64_t vocabulary) {
    return Complaint(Gpt2Model({layers, width, heads, context, vocabulary}, 1, 1).status());
  };
  CHECK(gpt2(1, 128, 3, 8, 9) == "model.gpt2.heads: 3 does not divide width: 128");
  CHECK(gpt2(0, 128, 2, 8, 9) == "model.gpt2.layers: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, -1, 2, 8, 9) == "model.gpt2.width: -1 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 0, 8, 9) == "model.gpt2.heads: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 2, 0, 9) == "model.gpt2.context: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 2, 8, 2000000) == "model.gpt2.vocabulary: 2000000 is not in [1, 1048576]");
  CHECK(Complaint(Gpt2Model(SmallGpt2(), 3, 8).status()) ==
        "sequences_per_micro_batch: 3 does not divide sequences_per_batch: 8");
  CHECK(Complaint(Gpt2Model(SmallGpt2(), 0, 8).status()) == "sequences_per_micro_batch: 0 is not in [1, 1048576]");
  MlpOptions mlp;
  mlp.sizes = {4};
  CHECK_THAT(Complaint(MlpModel(mlp, 1, 1).status()), Catch::StartsWith("model.mlp.sizes: 1 entries"));
  mlp.sizes = {4, 0, 2};
  CHECK(Complaint(MlpModel(mlp, 1, 1).status()) == "model.mlp.sizes[1]: 0 is not in [1, 1048576]");
  LayerListOptions list;
  list.inputs = 4;
  CHECK_THAT(Complaint(LayerListModel(list, 1, 1).status()), Catch::StartsWith("model.layer: 0 entries"));
  list.layers = {ListedActivation{}, ListedLinear{}};
  CHECK(Complaint(LayerListModel(list, 1, 1).status()) == "model.layer[1].outputs: 0 is not in [1, 1048576]");
  ListedLinear narrow;
  narrow.outputs = 3;
  list.layers = {ListedResidual{{narrow}}};
  CHECK(Complaint(LayerListModel(list, 1, 1).status()) ==
        "model.layer[0].residual: leads from width 4 to 3 in 1 layers; it needs a layer and must keep the width");
  list.layers = {ListedLayerNorm{0}};
  CHECK(Complaint(LayerListModel(list, 1, 1).status()) == "model.layer[0].epsilon: 0 is not positive");
}

}  // namespace baton
