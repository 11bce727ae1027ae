// The parts of models: what is cut and how, and which numbers of members are refused.
#include "ops/tensor_parallel/member_model.h"

#include <catch2/catch.hpp>
#include <map>

#include "ops/layers/build.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/llama/llama.h"
#include "ops/models/mlp/mlp.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

ModelSpec SmallGpt2(int64_t heads = 4, int64_t vocabulary = 12, int64_t feed_forward = 32, int64_t width = 8) {
  Gpt2Options options{2, width, heads, 4, vocabulary};
  options.feed_forward = feed_forward;
  return Gpt2Model(options, 2, 8).value();
}

ModelSpec SmallLlama() {
  LlamaOptions options;
  options.layers = 1;
  options.width = 8;
  options.heads = 4;
  options.key_value_heads = 2;
  options.head_width = 6;
  options.feed_forward = 10;
  options.vocabulary = 12;
  options.sequence = 4;
  options.query_key_norm = true;
  return LlamaModel(options, 2, 8).value();
}

std::map<std::string, ParameterSpec> ParametersOf(const ModelSpec& model) {
  const ReferenceBackend backend;
  std::map<std::string, ParameterSpec> result;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  for (const auto& layer : layers) {
    for (const ParameterSpec& parameter : layer->parameters()) {
      const auto [place, inserted] = result.emplace(parameter.name, parameter);
      CHECK(place->second.slice == parameter.slice);  // tied uses have the same part
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a member of GPT-2 has its heads, features and tokens") {
  const ModelSpec part = MemberModel(SmallGpt2(), 2, 1).value();
  const std::pair<const char*, const char*> cases[] = {
      {"wte.weight", "axis 0: [6, 12) of 12"},
      {"wpe.weight", "whole"},
      {"h.0.ln_1.weight", "whole"},
      {"h.0.attn.c_attn.weight", "axis 0: [4, 8) [12, 16) [20, 24) of 24"},
      {"h.0.attn.c_attn.bias", "axis 0: [4, 8) [12, 16) [20, 24) of 24"},
      {"h.0.attn.c_proj.weight", "axis 1: [4, 8) of 8"},
      {"h.0.attn.c_proj.bias", "whole"},
      {"h.1.mlp.c_fc.weight", "axis 0: [16, 32) of 32"},
      {"h.1.mlp.c_fc.bias", "axis 0: [16, 32) of 32"},
      {"h.1.mlp.c_proj.weight", "axis 1: [16, 32) of 32"},
      {"h.1.mlp.c_proj.bias", "whole"},
      {"ln_f.bias", "whole"},
  };
  const auto parameters = ParametersOf(part);
  for (const auto& [name, slice] : cases) {
    CAPTURE(name);
    CHECK(parameters.at(name).slice.ToString() == slice);
  }
}

TEST_CASE("a member of Llama has heads of queries and of the keys that they share, and both halves of the gate") {
  const auto parameters = ParametersOf(MemberModel(SmallLlama(), 2, 1).value());
  CHECK(parameters.at("layers.0.self_attn.qkv_proj.weight").slice.ToString() ==
        "axis 0: [12, 24) [30, 36) [42, 48) of 48");
  CHECK(parameters.at("layers.0.self_attn.o_proj.weight").slice.ToString() == "axis 1: [12, 24) of 24");
  CHECK(parameters.at("layers.0.self_attn.q_norm.weight").slice.IsWhole());
  CHECK(parameters.at("layers.0.mlp.gate_up_proj.weight").slice.ToString() == "axis 0: [5, 10) [15, 20) of 20");
  CHECK(parameters.at("layers.0.mlp.down_proj.weight").slice.ToString() == "axis 1: [5, 10) of 10");
}

TEST_CASE("tokens and classes that the members do not divide are padded to parts of one size") {
  const std::pair<int, const char*> tokens[] = {{0, "axis 0: [0, 3) of 11"},
                                                {1, "axis 0: [3, 6) of 11"},
                                                {2, "axis 0: [6, 9) of 11"},
                                                {3, "axis 0: [9, 11) of 11, 1 padded"}};
  for (const auto& [member, slice] : tokens) {
    const auto parameters = ParametersOf(MemberModel(SmallGpt2(/*heads=*/4, /*vocabulary=*/11), 4, member).value());
    CHECK(parameters.at("wte.weight").slice.ToString() == slice);
    CHECK(parameters.at("wte.weight").shape[0] == 3);
  }
  const auto classes = ParametersOf(MemberModel(MlpModel({{784, 512, 10}}, 2, 8).value(), 4, 2).value());
  CHECK(classes.at("layers.1.weight").slice.ToString() == "axis 0: [6, 8) of 10, 1 padded");
  CHECK(classes.at("layers.1.bias").slice.ToString() == "axis 0: [6, 8) of 10, 1 padded");
}

TEST_CASE("the parts of all members are the whole, once") {
  const std::pair<ModelSpec, int> models[] = {{SmallGpt2(), 2},
                                              {SmallLlama(), 2},
                                              {SmallGpt2(/*heads=*/4, /*vocabulary=*/11), 4},
                                              {SmallGpt2(/*heads=*/4, /*vocabulary=*/5), 4}};
  for (const auto& [model, num_members] : models) {
    const auto whole = ParametersOf(model);
    std::map<std::string, std::vector<int>> times;  // [index of the axis]
    for (int member = 0; member < num_members; ++member) {
      const auto part = ParametersOf(MemberModel(model, num_members, member).value());
      REQUIRE(part.size() == whole.size());
      for (const auto& [name, parameter] : part) {
        CAPTURE(name);
        CHECK(WholeShape(parameter.slice, parameter.shape) == whole.at(name).shape);
        std::vector<int>& counts = times[name];
        counts.resize(parameter.slice.whole);
        for (const IndexRange& range : parameter.slice.ranges) {
          for (int64_t i = range.begin; i < range.end; ++i) ++counts[i];
        }
      }
    }
    for (const auto& [name, counts] : times) CHECK(counts == std::vector<int>(counts.size(), 1));
  }
}

TEST_CASE("linear layers that stand alone are cut by their inputs, those before a loss by its classes") {
  const ModelSpec model = MlpModel({{784, 512, 10}}, 2, 8).value();
  const auto two = ParametersOf(MemberModel(model, 2, 1).value());
  CHECK(two.at("layers.0.weight").slice.ToString() == "axis 1: [392, 784) of 784");
  CHECK(two.at("layers.0.bias").slice.IsWhole());
  CHECK(two.at("layers.1.weight").slice.ToString() == "axis 0: [5, 10) of 10");
  // Fewer classes than members.
  const auto sixteen = ParametersOf(MemberModel(model, 16, 15).value());
  CHECK(sixteen.at("layers.1.weight").slice.ToString() == "axis 1: [480, 512) of 512");
}

TEST_CASE("with slices of rows the activations between layers are those of a member's rows") {
  struct Case {
    int num_members;
    std::vector<int64_t> slice;
  };
  // 2 sequences of 4 tokens, 8 features.
  for (const Case& each : {Case{2, {1, 4, 8}}, Case{4, {1, 2, 8}}}) {
    const ModelSpec part = MemberModel(SmallGpt2(), each.num_members, 1, /*slices_rows=*/true).value();
    const ReferenceBackend backend;
    const auto layers = BuildLayers(backend, part.layers, part.input_shape).value();
    REQUIRE(layers.size() == 2);
    CHECK(layers[0]->input_shape().extents() == std::vector<int64_t>{2, 4});
    CHECK(layers[0]->output_shape().extents() == each.slice);
    CHECK(layers[1]->input_shape().extents() == each.slice);
  }
}

TEST_CASE("rows that the members do not divide, and models without slices, are refused") {
  const std::tuple<ModelSpec, int, std::string> cases[] = {
      {SmallGpt2(/*heads=*/3, /*vocabulary=*/12, /*feed_forward=*/12, /*width=*/12), 3,
       "parallel.tensor_sequence: true needs parallel.tensor: 3 to divide the 2 x 4 rows of a micro-batch"},
      {MlpModel({{784, 512, 10}}, 2, 8).value(), 2,
       "parallel.tensor_sequence: true needs a model with attention, which mlp has not"},
  };
  for (const auto& [model, members, message] : cases) {
    const absl::Status status = MemberModel(model, members, 0, /*slices_rows=*/true).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == message);
  }
}

TEST_CASE("one member has the whole model") {
  for (const auto& [name, parameter] : ParametersOf(MemberModel(SmallGpt2(), 1, 0).value())) {
    CHECK(parameter.slice.IsWhole());
  }
}

TEST_CASE("numbers of members that do not divide the model are refused") {
  const std::tuple<ModelSpec, int, std::string> cases[] = {
      {SmallGpt2(/*heads=*/4, /*vocabulary=*/12), 3,
       "parallel.tensor: 3 does not divide the 4 heads of h.0.attn.c_attn"},
      {SmallGpt2(/*heads=*/4, /*vocabulary=*/3), 4, "parallel.tensor: 4 must be at most the 3 tokens of wte"},
      {SmallGpt2(/*heads=*/2, /*vocabulary=*/12, /*feed_forward=*/7), 2,
       "parallel.tensor: 2 does not divide the 7 inputs of h.0.mlp.c_proj"},
      {SmallLlama(), 4, "parallel.tensor: 4 does not divide the 2 key-value heads of layers.0.self_attn.qkv_proj"},
  };
  for (const auto& [model, members, message] : cases) {
    const absl::Status status = MemberModel(model, members, 0).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == message);
  }
}

}  // namespace baton
