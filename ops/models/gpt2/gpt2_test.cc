// GPT-2: its layers, parameters, initial values and errors.
#include "ops/models/gpt2/gpt2.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "ops/layers/build.h"
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

std::string ErrorOf(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("a layer of GPT-2 is one block, with Hugging Face's parameter names") {
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

TEST_CASE("GPT-2 small has 124,439,808 parameters") {
  // Vocabulary 50257, context 1024, 12 layers of width 768, the head tied to the token embedding.
  const ModelSpec model = Gpt2Model({12, 768, 12, 1024, 50257}, 1, 1).value();
  const std::vector<ParameterSpec> parameters = ParametersOf(model);
  int64_t count = 0;
  std::set<std::string> counted;
  for (const ParameterSpec& parameter : parameters) {
    if (counted.insert(parameter.name).second) count += parameter.shape.NumElements();
  }
  CHECK(count == 124439808);
}

TEST_CASE("a sequence may be shorter than the table of positions, and the head may have a weight of its own") {
  Gpt2Options options = SmallGpt2();
  options.sequence = 3;
  options.feed_forward = 20;
  options.epsilon = 1e-3;
  options.tied = false;
  const ModelSpec model = Gpt2Model(options, 2, 8).value();
  CHECK(model.input_shape == Shape(DataType::kInt32, {2, 3}));
  std::map<std::string, Shape> shapes;
  for (const ParameterSpec& parameter : ParametersOf(model)) shapes.emplace(parameter.name, parameter.shape);
  CHECK(shapes.at("wpe.weight").extents() == std::vector<int64_t>{4, 8});
  CHECK(shapes.at("h.1.mlp.c_fc.weight").extents() == std::vector<int64_t>{20, 8});
  CHECK(shapes.at("h.1.mlp.c_proj.weight").extents() == std::vector<int64_t>{8, 20});
  CHECK(shapes.at("lm_head.weight").extents() == std::vector<int64_t>{11, 8});
  const auto& last = std::get<SequenceSpec>(model.layers[2].kind).layers;
  CHECK(std::get<LayerNormSpec>(last[2].kind).epsilon == 1e-3);
  CHECK(std::get<CrossEntropySpec>(last.back().kind).loss_rows == 8 * 3);
}

TEST_CASE("GPT-2's initial values follow the paper") {
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

TEST_CASE("errors name the field of a GPT-2 model") {
  const auto gpt2 = [](int64_t layers, int64_t width, int64_t heads, int64_t context, int64_t vocabulary) {
    return ErrorOf(Gpt2Model({layers, width, heads, context, vocabulary}, 1, 1).status());
  };
  CHECK(gpt2(1, 128, 3, 8, 9) == "model.gpt2.heads: 3 does not divide width: 128");
  CHECK(gpt2(0, 128, 2, 8, 9) == "model.gpt2.layers: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, -1, 2, 8, 9) == "model.gpt2.width: -1 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 0, 8, 9) == "model.gpt2.heads: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 2, 0, 9) == "model.gpt2.context: 0 is not in [1, 1048576]");
  CHECK(gpt2(1, 4, 2, 8, 20000000) == "model.gpt2.vocabulary: 20000000 is not in [1, 16777216]");
  Gpt2Options longer = SmallGpt2();
  longer.sequence = 5;
  CHECK(ErrorOf(Gpt2Model(longer, 1, 1).status()) == "data.context: 5 is not in [1, model.gpt2.context: 4]");
  CHECK(ErrorOf(Gpt2Model(SmallGpt2(), 3, 8).status()) ==
        "sequences_per_micro_batch: 3 does not divide sequences_per_batch: 8");
  CHECK(ErrorOf(Gpt2Model(SmallGpt2(), 0, 8).status()) == "sequences_per_micro_batch: 0 is not in [1, 1048576]");
}

}  // namespace baton
