// Llama, Mistral, Qwen 2 and Qwen 3, which differ in biases, norms of heads and windows. Baton has one linear layer for
// queries, keys and values, and one for gate and up.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/families.h"
#include "runtime/hugging_face/rotary_config.h"

namespace baton {
namespace {

constexpr int64_t kMostWindow = int64_t{1} << 24;

// Sets the window of Qwen: the layers from max_window_layers on have it, if use_sliding_window. Baton has one window
// for all layers.
absl::Status ReadQwenWindow(const ConfigFields& fields, proto::Llama& llama) {
  BATON_ASSIGN_OR_RETURN(const bool uses_window, fields.Flag("use_sliding_window", false));
  if (!uses_window || !fields.Has("sliding_window")) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(const int64_t window, fields.Whole("sliding_window", 1, kMostWindow));
  int64_t with_window = 0;
  if (fields.Has("layer_types")) {
    const nlohmann::json& types = fields.Any("layer_types");
    if (!types.is_array() || types.size() != static_cast<size_t>(llama.layers())) {
      return fields.Wrong("layer_types", "must be a list of num_hidden_layers names");
    }
    for (const nlohmann::json& type : types) {
      if (type != "sliding_attention" && type != "full_attention") {
        return fields.Wrong("layer_types", "has a name that is neither full_attention nor sliding_attention");
      }
      if (type == "sliding_attention") ++with_window;
    }
  } else {
    BATON_ASSIGN_OR_RETURN(const int64_t first, fields.Whole("max_window_layers", 0, kMostWindow));
    with_window = std::max<int64_t>(0, llama.layers() - first);
  }
  if (with_window == llama.layers()) llama.set_window(window);
  if (with_window == 0 || with_window == llama.layers()) return absl::OkStatus();
  return fields.Wrong("use_sliding_window", absl::StrCat("gives ", with_window, " of ", llama.layers(),
                                                         " layers a window; Baton has it for all layers or for none"));
}

absl::Status ReadHeads(const ConfigFields& fields, proto::Llama& llama) {
  BATON_ASSIGN_OR_RETURN(const int64_t heads, fields.Whole("num_attention_heads", 1, kMostConfigHeads));
  int64_t key_value_heads = heads;
  if (fields.Has("num_key_value_heads")) {
    BATON_ASSIGN_OR_RETURN(key_value_heads, fields.Whole("num_key_value_heads", 1, kMostConfigHeads));
  }
  BATON_RETURN_IF_ERROR(fields.CheckDivides("num_key_value_heads", key_value_heads, "num_attention_heads", heads));
  int64_t head_width = 0;
  if (fields.Has("head_dim")) {
    BATON_ASSIGN_OR_RETURN(head_width, fields.Whole("head_dim", 2, kMostConfigWidth));
  } else {
    BATON_RETURN_IF_ERROR(fields.CheckDivides("num_attention_heads", heads, "hidden_size", llama.width()));
    head_width = llama.width() / heads;
  }
  if (head_width % 2 != 0) {
    return fields.Wrong("head_dim",
                        absl::StrCat("must be even, since rotary positions turn pairs, but is ", head_width));
  }
  llama.set_heads(heads);
  llama.set_key_value_heads(key_value_heads);
  llama.set_head_width(head_width);
  return absl::OkStatus();
}

bool IsStoredFrequency(const std::string& name) { return absl::EndsWith(name, "rotary_emb.inv_freq"); }

}  // namespace

absl::Status ReadLlamaConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model) {
  proto::Llama& llama = *model.mutable_llama();
  const bool is_qwen = model_type == "qwen2" || model_type == "qwen3";
  BATON_ASSIGN_OR_RETURN(const int64_t layers, fields.Whole("num_hidden_layers", 1, kMostConfigLayers));
  BATON_ASSIGN_OR_RETURN(const int64_t width, fields.Whole("hidden_size", 1, kMostConfigWidth));
  BATON_ASSIGN_OR_RETURN(const int64_t inner, fields.Whole("intermediate_size", 1, kMostConfigInner));
  BATON_ASSIGN_OR_RETURN(const int64_t context, fields.Whole("max_position_embeddings", 1, kMostWindow));
  BATON_ASSIGN_OR_RETURN(const int64_t vocabulary, fields.Whole("vocab_size", 2, kMostConfigVocabulary));
  llama.set_layers(static_cast<int32_t>(layers));
  llama.set_width(width);
  llama.set_feed_forward(inner);
  llama.set_context(context);
  llama.set_vocabulary(vocabulary);
  BATON_RETURN_IF_ERROR(ReadHeads(fields, llama));
  BATON_ASSIGN_OR_RETURN(const double epsilon, fields.Epsilon("rms_norm_eps", 1e-6));
  BATON_ASSIGN_OR_RETURN(const proto::Activation activation, fields.ActivationOf("hidden_act", "silu"));
  BATON_ASSIGN_OR_RETURN(const bool tied, fields.Flag("tie_word_embeddings", false));
  llama.set_epsilon(epsilon);
  llama.set_activation(activation);
  llama.set_tied(tied);
  BATON_ASSIGN_OR_RETURN(const double attention_dropout, fields.Dropout("attention_dropout"));
  model.set_attention_dropout(attention_dropout);
  BATON_RETURN_IF_ERROR(ReadRotary(fields, static_cast<double>(context), *llama.mutable_rotary()));
  if (model_type == "mistral" && !fields.Any("sliding_window").is_null()) {
    BATON_ASSIGN_OR_RETURN(const int64_t window, fields.Whole("sliding_window", 1, kMostWindow));
    llama.set_window(window);
  }
  if (is_qwen) BATON_RETURN_IF_ERROR(ReadQwenWindow(fields, llama));
  if (model_type == "qwen2") llama.set_query_key_value_bias(true);
  if (model_type == "qwen3") llama.set_query_key_norm(true);
  if (model_type == "llama" || model_type == "qwen3") {
    BATON_ASSIGN_OR_RETURN(const bool bias, fields.Flag("attention_bias", false));
    llama.set_query_key_value_bias(bias);
    llama.set_attention_output_bias(bias);
  }
  if (model_type == "llama") {
    BATON_ASSIGN_OR_RETURN(const bool bias, fields.Flag("mlp_bias", false));
    llama.set_feed_forward_bias(bias);
  }
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> WriteLlamaConfig(const proto::Model& model) {
  const proto::Llama& llama = model.llama();
  const bool qkv = llama.query_key_value_bias(), output = llama.attention_output_bias();
  const bool inner = llama.feed_forward_bias(), norm = llama.query_key_norm(), window = llama.window() > 0;
  nlohmann::json config = {
      {"num_hidden_layers", llama.layers()},
      {"hidden_size", llama.width()},
      {"num_attention_heads", llama.heads()},
      {"num_key_value_heads", llama.key_value_heads()},
      {"head_dim", llama.head_width()},
      {"intermediate_size", llama.feed_forward()},
      {"max_position_embeddings", llama.context()},
      {"vocab_size", llama.vocabulary()},
      {"hidden_act", NameOfActivation(llama.activation())},
      {"rms_norm_eps", llama.epsilon()},
      {"rope_theta", llama.rotary().base()},
      {"rope_scaling", nullptr},
      {"tie_word_embeddings", llama.tied()},
      {"attention_dropout", model.attention_dropout()},
      {"bos_token_id", nullptr},
      {"eos_token_id", nullptr},
      {"torch_dtype", "float32"},
  };
  WriteStretch(llama.rotary(), config["rope_scaling"]);
  const auto is = [&](const char* type, const char* architecture) {
    config["model_type"] = type;
    config["architectures"] = {architecture};
  };
  if (norm && qkv == output && !inner) {
    is("qwen3", "Qwen3ForCausalLM");
    config["attention_bias"] = qkv;
  } else if (!norm && qkv && !output && !inner) {
    is("qwen2", "Qwen2ForCausalLM");
  } else if (!norm && !qkv && !output && !inner && window) {
    is("mistral", "MistralForCausalLM");
    config["sliding_window"] = llama.window();
  } else if (!norm && qkv == output && !window) {
    is("llama", "LlamaForCausalLM");
    config["attention_bias"] = qkv;
    config["mlp_bias"] = inner;
  } else {
    return absl::UnimplementedError("no class of transformers has these biases, norms and windows together");
  }
  if (norm || (qkv && !output)) {
    config["use_sliding_window"] = window;
    config["sliding_window"] = window ? nlohmann::json(llama.window()) : nlohmann::json();
    config["max_window_layers"] = window ? 0 : llama.layers();
  }
  return config;
}

TensorTable LlamaTensors(const proto::Model& model) {
  const proto::Llama& llama = model.llama();
  const int64_t width = llama.width(), inner = llama.feed_forward();
  const int64_t queries = llama.heads() * llama.head_width(), keys = llama.key_value_heads() * llama.head_width();
  TensorTable table;
  table.prefix = "model.";
  table.passed_over = IsStoredFrequency;
  const auto plain = [&](const std::string& name, std::vector<int64_t> shape) {
    table.tensors.push_back({table.prefix + name, std::move(shape), name});
  };
  // Rows [first, first + outputs) of the linear layer `parameter`.
  const auto linear = [&](const std::string& name, int64_t inputs, int64_t outputs, bool bias,
                          const std::string& parameter, int64_t first) {
    table.tensors.push_back({table.prefix + name + ".weight", {outputs, inputs}, parameter + ".weight", first});
    if (bias) table.tensors.push_back({table.prefix + name + ".bias", {outputs}, parameter + ".bias", first});
  };
  plain("embed_tokens.weight", {llama.vocabulary(), width});
  for (int layer = 0; layer < llama.layers(); ++layer) {
    const std::string block = absl::StrCat("layers.", layer, ".");
    const std::string attention = block + "self_attn.", fused = attention + "qkv_proj";
    const std::string mlp = block + "mlp.", gate_up = mlp + "gate_up_proj";
    plain(block + "input_layernorm.weight", {width});
    linear(attention + "q_proj", width, queries, llama.query_key_value_bias(), fused, 0);
    linear(attention + "k_proj", width, keys, llama.query_key_value_bias(), fused, queries);
    linear(attention + "v_proj", width, keys, llama.query_key_value_bias(), fused, queries + keys);
    if (llama.query_key_norm()) {
      plain(attention + "q_norm.weight", {llama.head_width()});
      plain(attention + "k_norm.weight", {llama.head_width()});
    }
    linear(attention + "o_proj", queries, width, llama.attention_output_bias(), attention + "o_proj", 0);
    plain(block + "post_attention_layernorm.weight", {width});
    linear(mlp + "gate_proj", width, inner, llama.feed_forward_bias(), gate_up, 0);
    linear(mlp + "up_proj", width, inner, llama.feed_forward_bias(), gate_up, inner);
    linear(mlp + "down_proj", inner, width, llama.feed_forward_bias(), mlp + "down_proj", 0);
  }
  plain("norm.weight", {width});
  if (llama.tied()) {
    table.aliases.push_back({"lm_head.weight", "model.embed_tokens.weight"});
  } else {
    table.tensors.push_back({"lm_head.weight", {llama.vocabulary(), width}, "lm_head.weight"});
  }
  return table;
}

}  // namespace baton
