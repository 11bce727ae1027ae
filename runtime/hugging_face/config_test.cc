// Configurations that are read, written and refused.
#include "runtime/hugging_face/config.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace baton {
namespace {

using Json = nlohmann::json;

Json Gpt2() {
  return {{"model_type", "gpt2"}, {"architectures", {"GPT2LMHeadModel"}},
          {"n_layer", 2},         {"n_embd", 12},
          {"n_head", 3},          {"n_positions", 16},
          {"vocab_size", 30},     {"activation_function", "gelu_new"}};
}

Json Llama(const char* type, const char* architecture) {
  return {{"model_type", type},      {"architectures", {architecture}}, {"num_hidden_layers", 2},
          {"hidden_size", 24},       {"num_attention_heads", 6},        {"num_key_value_heads", 2},
          {"intermediate_size", 20}, {"max_position_embeddings", 64},   {"vocab_size", 30},
          {"rms_norm_eps", 1e-6}};
}

Json Llama() { return Llama("llama", "LlamaForCausalLM"); }

// `json` with the members of `changes`; a member that is a discarded value is taken out.
Json With(Json json, const Json& changes) {
  for (const auto& [key, value] : changes.items()) json[key] = value;
  return json;
}

Json Without(Json json, const char* key) {
  json.erase(key);
  return json;
}

proto::Model Read(const Json& json) {
  const auto model = ParseHuggingFaceConfig(json.dump(), "config.json");
  INFO(model.status());
  REQUIRE(model.ok());
  return *model;
}

std::string ErrorOf(const Json& json) {
  const auto model = ParseHuggingFaceConfig(json.dump(), "config.json");
  CHECK(model.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(model.status().message());
}

TEST_CASE("GPT-2's fields, and their defaults") {
  proto::Gpt2 gpt2 = Read(Gpt2()).gpt2();
  CHECK(gpt2.feed_forward() == 48);
  CHECK(gpt2.epsilon() == 1e-5);
  CHECK(gpt2.activation() == proto::GELU_TANH);
  CHECK(gpt2.tied());
  gpt2 = Read(With(Gpt2(), {{"n_inner", 7},
                            {"layer_norm_epsilon", 1e-3},
                            {"activation_function", "relu"},
                            {"tie_word_embeddings", false}}))
             .gpt2();
  CHECK(gpt2.feed_forward() == 7);
  CHECK(gpt2.epsilon() == 1e-3);
  CHECK(gpt2.activation() == proto::RELU);
  CHECK_FALSE(gpt2.tied());
  CHECK(Read(With(Gpt2(), {{"n_inner", nullptr}})).gpt2().feed_forward() == 48);
  CHECK(Read(Without(Gpt2(), "architectures")).has_gpt2());
  CHECK(Read(Without(Gpt2(), "model_type")).has_gpt2());
}

TEST_CASE("the classes of Llama's family differ in biases, norms and windows") {
  proto::Llama llama = Read(Llama()).llama();
  CHECK(llama.head_width() == 4);
  CHECK(llama.rotary().base() == 10000);
  CHECK_FALSE(llama.query_key_value_bias());
  CHECK_FALSE(llama.tied());
  llama = Read(With(Llama(), {{"attention_bias", true}, {"mlp_bias", true}, {"head_dim", 8}})).llama();
  CHECK(llama.query_key_value_bias());
  CHECK(llama.attention_output_bias());
  CHECK(llama.feed_forward_bias());
  CHECK(llama.head_width() == 8);
  llama = Read(Llama("qwen2", "Qwen2ForCausalLM")).llama();
  CHECK(llama.query_key_value_bias());
  CHECK_FALSE(llama.attention_output_bias());
  llama = Read(Llama("qwen3", "Qwen3ForCausalLM")).llama();
  CHECK(llama.query_key_norm());
  CHECK_FALSE(llama.query_key_value_bias());
  const Json mistral = Llama("mistral", "MistralForCausalLM");
  CHECK(Read(With(mistral, {{"sliding_window", 32}})).llama().window() == 32);
  CHECK(Read(With(mistral, {{"sliding_window", nullptr}})).llama().window() == 0);
}

TEST_CASE("rotary positions of both versions of transformers") {
  const Json stretch = {{"rope_type", "llama3"},
                        {"factor", 8.0},
                        {"low_freq_factor", 1.0},
                        {"high_freq_factor", 4.0},
                        {"original_max_position_embeddings", 8192}};
  const proto::Rotary old = Read(With(Llama(), {{"rope_theta", 500000.0}, {"rope_scaling", stretch}})).llama().rotary();
  CHECK(old.base() == 500000);
  CHECK(old.factor() == 8);
  CHECK(old.high_frequency() == 4);
  CHECK(old.context() == 8192);
  const Json inside = With(stretch, {{"rope_theta", 500000.0}});
  CHECK(Read(With(Llama(), {{"rope_parameters", inside}})).llama().rotary().DebugString() == old.DebugString());
  CHECK(Read(With(Llama(), {{"rope_scaling", nullptr}, {"rope_theta", 5000}})).llama().rotary().base() == 5000);
}

TEST_CASE("Qwen's window is for all layers or for none") {
  const Json qwen = With(Llama("qwen2", "Qwen2ForCausalLM"), {{"sliding_window", 8}, {"use_sliding_window", true}});
  CHECK(Read(With(qwen, {{"use_sliding_window", false}, {"max_window_layers", 0}})).llama().window() == 0);
  CHECK(Read(With(qwen, {{"max_window_layers", 0}})).llama().window() == 8);
  CHECK(Read(With(qwen, {{"max_window_layers", 28}})).llama().window() == 0);
  CHECK(Read(With(qwen, {{"layer_types", {"sliding_attention", "sliding_attention"}}})).llama().window() == 8);
  const char* const mixed =
      "config.json: use_sliding_window: true gives 1 of 2 layers a window; Baton has it for all layers or for none";
  CHECK(ErrorOf(With(qwen, {{"max_window_layers", 1}})) == mixed);
  CHECK(ErrorOf(With(qwen, {{"layer_types", {"full_attention", "sliding_attention"}}})) == mixed);
}

TEST_CASE("wrong configurations are refused by field and value") {
  const struct {
    Json json;
    const char* message;
  } wrong[] = {
      {Without(Gpt2(), "n_layer"), "config.json: n_layer is missing"},
      {With(Gpt2(), {{"n_layer", 0}}), "config.json: n_layer: 0 must be at least 1"},
      {With(Gpt2(), {{"n_layer", -1}}), "config.json: n_layer: -1 must be at least 1"},
      {With(Gpt2(), {{"n_layer", 1000000000000}}), "config.json: n_layer: 1000000000000 must be at most 4096"},
      {With(Gpt2(), {{"n_layer", 18446744073709551615u}}),
       "config.json: n_layer: 18446744073709551615 must be at most 4096"},
      {With(Gpt2(), {{"n_embd", "12"}}), "config.json: n_embd: \"12\" is no whole number"},
      {With(Gpt2(), {{"n_embd", 12.5}}), "config.json: n_embd: 12.5 is no whole number"},
      {With(Gpt2(), {{"n_embd", nullptr}}), "config.json: n_embd: null is no whole number"},
      {With(Gpt2(), {{"n_head", 5}}), "config.json: n_head: 5 does not divide n_embd: 12"},
      {With(Gpt2(), {{"layer_norm_epsilon", -1}}), "config.json: layer_norm_epsilon: -1 must be above 0"},
      {With(Gpt2(), {{"layer_norm_epsilon", 2}}), "config.json: layer_norm_epsilon: 2 must be above 0 and at most 1"},
      {With(Gpt2(), {{"layer_norm_epsilon", "x"}}), "config.json: layer_norm_epsilon: \"x\" is no number"},
      {With(Gpt2(), {{"activation_function", "swishy"}}),
       "config.json: activation_function: \"swishy\" is not one of relu, gelu, gelu_python, gelu_new, silu, swish, "
       "gelu_fast, gelu_pytorch_tanh"},
      {With(Gpt2(), {{"tie_word_embeddings", 1}}), "config.json: tie_word_embeddings: 1 is neither true nor false"},
      {With(Gpt2(), {{"add_cross_attention", true}}),
       "config.json: add_cross_attention: true must be false, the only form that Baton computes"},
      {With(Gpt2(), {{"quantization_config", Json::object()}}),
       "config.json: quantization_config: { … } is given, but Baton reads floats"},
      {With(Llama(), {{"num_key_value_heads", 4}}),
       "config.json: num_key_value_heads: 4 does not divide num_attention_heads: 6"},
      {With(Llama(), {{"num_attention_heads", 5}, {"num_key_value_heads", 5}}),
       "config.json: num_attention_heads: 5 does not divide hidden_size: 24"},
      {With(Llama(), {{"head_dim", 7}}),
       "config.json: head_dim: 7 must be even, since rotary positions turn pairs, but is 7"},
      {With(Llama(), {{"rope_theta", 0}}), "config.json: rope_theta: 0 must be above 0"},
      {With(Llama(), {{"rope_theta", 1}}), "config.json: rope_theta: 1 must be above 1"},
      {With(Llama(), {{"rope_scaling", {{"rope_type", "spiral"}}}}),
       "config.json: rope_scaling: rope_type: \"spiral\" is not one of default, llama3, linear, yarn"},
      {With(Llama(), {{"rope_scaling", {{"type", "dynamic"}, {"factor", 2}}}}),
       "config.json: rope_scaling: type: \"dynamic\" is not one of default, llama3, linear, yarn"},
      {With(Llama(), {{"rope_scaling", {{"type", "linear"}, {"factor", 0.5}}}}),
       "config.json: rope_scaling: factor: 0.5 must be at least 1"},
      {With(Llama(), {{"rope_scaling", {{"type", "yarn"}}}}), "config.json: rope_scaling: factor is missing"},
      {With(Llama(), {{"rope_scaling", {{"type", "yarn"}, {"factor", 2}, {"beta_fast", 1}}}}),
       "config.json: rope_scaling: beta_fast: 1 must be above beta_slow: 1"},
      {With(Llama(), {{"rope_parameters", {{"rope_type", "llama3"}, {"factor", 2.0}}}}),
       "config.json: rope_parameters: low_freq_factor is missing"},
      {With(Llama(), {{"rope_parameters", 3}}), "config.json: rope_parameters: 3 is no object"},
  };
  for (const auto& [json, message] : wrong) CHECK(ErrorOf(json) == message);
}

TEST_CASE("classes that are not read are refused by name") {
  CHECK_THAT(ErrorOf(With(Gpt2(), {{"model_type", "gpt9"}})),
             Catch::StartsWith("config.json: model_type: \"gpt9\" is not one of gpt2, llama, mistral"));
  CHECK_THAT(ErrorOf(With(Gpt2(), {{"architectures", {"GPT2ForSequenceClassification"}}})),
             Catch::EndsWith("\"GPT2ForSequenceClassification\" is not the class of its model_type: GPT2LMHeadModel"));
  CHECK_THAT(ErrorOf(With(Gpt2(), {{"architectures", {"LlamaForCausalLM"}}})), Catch::Contains("LlamaForCausalLM"));
  CHECK_THAT(ErrorOf(Without(Without(Gpt2(), "architectures"), "model_type")),
             Catch::StartsWith("config.json: model_type is missing: one of gpt2, llama"));
  CHECK(ErrorOf(With(Gpt2(), {{"architectures", "x"}})) ==
        "config.json: architectures: \"x\" must be a list of one name");
}

TEST_CASE("files that are no object of JSON are refused") {
  for (const char* text : {"", "[]", "{", "{\"n_head\": 1, \"n_head\": 2}", "{\"a\": \"\xff\"}"}) {
    CHECK_THAT(std::string(ParseHuggingFaceConfig(text, "c").status().message()), Catch::StartsWith("c: the file "));
  }
  CHECK(ReadHuggingFaceConfig("/no/such").status().message() == "/no/such/config.json: there is no such file");
}

TEST_CASE("what is written is read as the same model") {
  const Json configs[] = {
      Gpt2(),
      With(Gpt2(), {{"n_inner", 7}, {"tie_word_embeddings", false}, {"activation_function", "gelu"}}),
      Llama(),
      With(Llama(), {{"attention_bias", true}, {"mlp_bias", true}, {"head_dim", 8}, {"tie_word_embeddings", true}}),
      Llama("qwen2", "Qwen2ForCausalLM"),
      With(Llama("qwen2", "Qwen2ForCausalLM"),
           {{"sliding_window", 8}, {"use_sliding_window", true}, {"max_window_layers", 0}}),
      With(Llama("qwen3", "Qwen3ForCausalLM"), {{"attention_bias", true}}),
      With(Llama("mistral", "MistralForCausalLM"), {{"sliding_window", 32}}),
  };
  for (const Json& config : configs) {
    CAPTURE(config.dump());
    proto::Model model = Read(config);
    if (model.has_llama() && !model.llama().rotary().has_factor())
      model.mutable_llama()->mutable_rotary()->set_factor(1);
    const auto written = WriteHuggingFaceConfig(model);
    REQUIRE(written.ok());
    proto::Model again = Read(Json::parse(*written));
    if (again.has_llama()) again.mutable_llama()->mutable_rotary()->set_factor(1);
    // Fields that are unset and false are the same.
    CHECK(Json::parse(WriteHuggingFaceConfig(again).value()) == Json::parse(*written));
    CHECK(Json::parse(*written)["architectures"] == config["architectures"]);
  }
}

TEST_CASE("probabilities of dropout are read and written; one that the file lacks is 0") {
  proto::Model model = Read(With(Gpt2(), {{"embd_pdrop", 0.1}, {"attn_pdrop", 0.2}, {"resid_pdrop", 0.3}}));
  CHECK(model.embedding_dropout() == 0.1);
  CHECK(model.attention_dropout() == 0.2);
  CHECK(model.dropout() == 0.3);
  const Json written = Json::parse(WriteHuggingFaceConfig(model).value());
  CHECK(written.at("embd_pdrop") == 0.1);
  CHECK(written.at("attn_pdrop") == 0.2);
  CHECK(written.at("resid_pdrop") == 0.3);
  model = Read(Gpt2());
  CHECK(model.embedding_dropout() + model.attention_dropout() + model.dropout() == 0);
  model = Read(With(Llama(), {{"attention_dropout", 0.25}}));
  CHECK(model.attention_dropout() == 0.25);
  CHECK(model.dropout() == 0);
  model.mutable_llama()->mutable_rotary()->set_factor(1);
  CHECK(Json::parse(WriteHuggingFaceConfig(model).value()).at("attention_dropout") == 0.25);
  CHECK(ErrorOf(With(Gpt2(), {{"attn_pdrop", 1}})) == "config.json: attn_pdrop: 1 must be at least 0 and below 1");
  CHECK(ErrorOf(With(Gpt2(), {{"resid_pdrop", -0.1}})) ==
        "config.json: resid_pdrop: -0.1 must be at least 0 and below 1");
  CHECK(ErrorOf(With(Llama(), {{"attention_dropout", "0.1"}})) ==
        "config.json: attention_dropout: \"0.1\" is no number");
}

TEST_CASE("models that transformers has no class for are not written") {
  CHECK(absl::IsUnimplemented(WriteHuggingFaceConfig(proto::Model()).status()));
  proto::Model model = Read(Llama("qwen2", "Qwen2ForCausalLM"));
  model.mutable_llama()->set_feed_forward_bias(true);
  CHECK(absl::IsUnimplemented(WriteHuggingFaceConfig(model).status()));
}

}  // namespace
}  // namespace baton
