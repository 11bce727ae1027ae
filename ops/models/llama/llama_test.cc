// Llama: its layers, parameters, initial values and errors.
#include "ops/models/llama/llama.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "ops/layers/build.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

// Qwen 3's form: the heads together are wider than the model.
LlamaOptions Small() {
  LlamaOptions options;
  options.layers = 2;
  options.width = 12;
  options.heads = 4;
  options.key_value_heads = 2;
  options.head_width = 6;
  options.feed_forward = 10;
  options.vocabulary = 11;
  options.sequence = 5;
  return options;
}

std::map<std::string, ParameterSpec> ParametersOf(const LlamaOptions& options) {
  const ModelSpec model = LlamaModel(options, 1, 1).value();
  const ReferenceBackend backend;
  std::map<std::string, ParameterSpec> parameters;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  for (const auto& layer : layers) {
    for (const ParameterSpec& parameter : layer->parameters()) parameters.emplace(parameter.name, parameter);
  }
  return parameters;
}

std::string ErrorOf(LlamaOptions options) {
  const absl::Status status = LlamaModel(options, 1, 1).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

using Extents = std::vector<int64_t>;

TEST_CASE("a layer of Llama is one block, with queries, keys and values from one linear layer") {
  const ModelSpec model = LlamaModel(Small(), 2, 8).value();
  CHECK(model.layer_names == std::vector<std::string>{"layers.0", "layers.1"});
  CHECK(model.input_shape == Shape(DataType::kInt32, {2, 5}));
  const auto parameters = ParametersOf(Small());
  CHECK(parameters.size() == 3 + 2 * 6);
  CHECK(parameters.at("embed_tokens.weight").shape.extents() == Extents{11, 12});
  CHECK(parameters.at("layers.1.self_attn.qkv_proj.weight").shape.extents() == Extents{(4 + 2 + 2) * 6, 12});
  CHECK(parameters.at("layers.1.self_attn.o_proj.weight").shape.extents() == Extents{12, 24});
  CHECK(parameters.at("layers.1.mlp.gate_up_proj.weight").shape.extents() == Extents{20, 12});
  CHECK(parameters.at("layers.1.mlp.down_proj.weight").shape.extents() == Extents{12, 10});
  CHECK(parameters.at("lm_head.weight").shape.extents() == Extents{11, 12});
  for (const auto& [name, parameter] : parameters) {
    CAPTURE(name);
    const bool matrix = parameter.shape.rank() == 2;
    CHECK(parameter.decays == matrix);
    if (!matrix) {
      CHECK(parameter.initializer.kind == Initializer::Kind::kOnes);
      continue;
    }
    const bool residual = name.find("o_proj") != std::string::npos || name.find("down_proj") != std::string::npos;
    CHECK(parameter.initializer.scale == Approx(residual ? 0.02 / 2 : 0.02));
  }
}

TEST_CASE("biases, norms of heads and a tied head are choices") {
  LlamaOptions options = Small();
  options.tied = options.query_key_norm = true;
  options.query_key_value_bias = options.attention_output_bias = options.feed_forward_bias = true;
  const auto parameters = ParametersOf(options);
  CHECK(parameters.size() == 2 + 2 * 12);
  CHECK(parameters.count("lm_head.weight") == 0);
  CHECK(parameters.at("layers.0.self_attn.q_norm.weight").shape.extents() == Extents{6});
  CHECK(parameters.at("layers.0.self_attn.k_norm.weight").shape.extents() == Extents{6});
  CHECK(parameters.at("layers.0.self_attn.qkv_proj.bias").shape.extents() == Extents{48});
  CHECK(parameters.at("layers.0.self_attn.o_proj.bias").shape.extents() == Extents{12});
  CHECK(parameters.at("layers.0.mlp.gate_up_proj.bias").shape.extents() == Extents{20});
  CHECK(parameters.at("layers.0.mlp.down_proj.bias").shape.extents() == Extents{12});
}

TEST_CASE("Llama 3.2 1B has 1,235,814,400 parameters") {
  LlamaOptions options;
  options.layers = 16;
  options.width = 2048;
  options.heads = 32;
  options.key_value_heads = 8;
  options.head_width = 64;
  options.feed_forward = 8192;
  options.vocabulary = 128256;
  options.sequence = 8;
  options.tied = true;
  int64_t count = 0;
  for (const auto& [name, parameter] : ParametersOf(options)) count += parameter.shape.NumElements();
  CHECK(count == 1235814400);
}

TEST_CASE("errors name the field of a Llama model") {
  const auto with = [](int64_t LlamaOptions::*field, int64_t value) {
    LlamaOptions options = Small();
    options.*field = value;
    return ErrorOf(options);
  };
  CHECK(with(&LlamaOptions::layers, 0) == "model.llama.layers: 0 is not in [1, 1048576]");
  CHECK(with(&LlamaOptions::heads, 0) == "model.llama.heads: 0 is not in [1, 1048576]");
  CHECK(with(&LlamaOptions::key_value_heads, 0) == "model.llama.key_value_heads: 0 is not in [1, 1048576]");
  CHECK(with(&LlamaOptions::key_value_heads, 3) == "model.llama.key_value_heads: 3 does not divide heads: 4");
  CHECK(with(&LlamaOptions::head_width, 5) == "model.llama.head_width: 5 is not even, as rotary positions need");
  CHECK(with(&LlamaOptions::sequence, 0) == "data.context: 0 is not in [1, 1048576]");
  CHECK(with(&LlamaOptions::feed_forward, -1) == "model.llama.feed_forward: -1 is not in [1, 1048576]");
}

}  // namespace
}  // namespace baton
