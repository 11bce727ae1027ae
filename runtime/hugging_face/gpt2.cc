// GPT-2. Its Conv1D weights are [in, out], the transpose of Baton's linear weights.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/families.h"

namespace baton {
namespace {

// The causal mask that the first files on the hub have.
bool IsStoredMask(const std::string& name) {
  return absl::StartsWith(name, "h.") &&
         (absl::EndsWith(name, ".attn.bias") || absl::EndsWith(name, ".attn.masked_bias"));
}

}  // namespace

absl::Status ReadGpt2Config(const ConfigFields& fields, const std::string& model_type, proto::Model& model) {
  proto::Gpt2& gpt2 = *model.mutable_gpt2();
  BATON_ASSIGN_OR_RETURN(const int64_t layers, fields.Whole("n_layer", 1, kMostConfigLayers));
  BATON_ASSIGN_OR_RETURN(const int64_t width, fields.Whole("n_embd", 1, kMostConfigWidth));
  BATON_ASSIGN_OR_RETURN(const int64_t heads, fields.Whole("n_head", 1, kMostConfigHeads));
  BATON_ASSIGN_OR_RETURN(const int64_t context, fields.Whole("n_positions", 1, kMostConfigContext));
  BATON_ASSIGN_OR_RETURN(const int64_t vocabulary, fields.Whole("vocab_size", 2, kMostConfigVocabulary));
  BATON_RETURN_IF_ERROR(fields.CheckDivides("n_head", heads, "n_embd", width));
  int64_t inner = 4 * width;
  if (fields.Has("n_inner")) {
    BATON_ASSIGN_OR_RETURN(inner, fields.Whole("n_inner", 1, kMostConfigInner));
  }
  BATON_ASSIGN_OR_RETURN(const double epsilon, fields.Epsilon("layer_norm_epsilon", 1e-5));
  BATON_ASSIGN_OR_RETURN(const proto::Activation activation, fields.ActivationOf("activation_function", "gelu_new"));
  BATON_ASSIGN_OR_RETURN(const bool tied, fields.Flag("tie_word_embeddings", true));
  BATON_ASSIGN_OR_RETURN(const double embedding_dropout, fields.Dropout("embd_pdrop"));
  BATON_ASSIGN_OR_RETURN(const double attention_dropout, fields.Dropout("attn_pdrop"));
  BATON_ASSIGN_OR_RETURN(const double dropout, fields.Dropout("resid_pdrop"));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("scale_attn_weights", true));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("scale_attn_by_inverse_layer_idx", false));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("add_cross_attention", false));
  gpt2.set_layers(static_cast<int32_t>(layers));
  gpt2.set_width(width);
  gpt2.set_heads(heads);
  gpt2.set_context(context);
  gpt2.set_vocabulary(vocabulary);
  gpt2.set_feed_forward(inner);
  gpt2.set_epsilon(epsilon);
  gpt2.set_activation(activation);
  gpt2.set_tied(tied);
  model.set_embedding_dropout(embedding_dropout);
  model.set_attention_dropout(attention_dropout);
  model.set_dropout(dropout);
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> WriteGpt2Config(const proto::Model& model) {
  const proto::Gpt2& gpt2 = model.gpt2();
  return nlohmann::json{
      {"architectures", {"GPT2LMHeadModel"}},
      {"model_type", "gpt2"},
      {"n_layer", gpt2.layers()},
      {"n_embd", gpt2.width()},
      {"n_head", gpt2.heads()},
      {"n_positions", gpt2.context()},
      {"n_inner", gpt2.feed_forward()},
      {"vocab_size", gpt2.vocabulary()},
      {"activation_function", NameOfActivation(gpt2.activation())},
      {"layer_norm_epsilon", gpt2.epsilon()},
      {"tie_word_embeddings", gpt2.tied()},
      {"attn_pdrop", model.attention_dropout()},
      {"embd_pdrop", model.embedding_dropout()},
      {"resid_pdrop", model.dropout()},
      {"bos_token_id", nullptr},
      {"eos_token_id", nullptr},
      {"torch_dtype", "float32"},
  };
}

TensorTable Gpt2Tensors(const proto::Model& model) {
  const proto::Gpt2& gpt2 = model.gpt2();
  const int64_t width = gpt2.width(), inner = gpt2.feed_forward();
  TensorTable table;
  table.prefix = "transformer.";
  table.passed_over = IsStoredMask;
  const auto plain = [&](const std::string& name, std::vector<int64_t> shape) {
    table.tensors.push_back({table.prefix + name, std::move(shape), name});
  };
  const auto linear = [&](const std::string& name, int64_t inputs, int64_t outputs) {
    table.tensors.push_back({table.prefix + name + ".weight", {inputs, outputs}, name + ".weight", 0, true});
    plain(name + ".bias", {outputs});
  };
  plain("wte.weight", {gpt2.vocabulary(), width});
  plain("wpe.weight", {gpt2.context(), width});
  for (int layer = 0; layer < gpt2.layers(); ++layer) {
    const std::string block = absl::StrCat("h.", layer, ".");
    plain(block + "ln_1.weight", {width});
    plain(block + "ln_1.bias", {width});
    linear(block + "attn.c_attn", width, 3 * width);
    linear(block + "attn.c_proj", width, width);
    plain(block + "ln_2.weight", {width});
    plain(block + "ln_2.bias", {width});
    linear(block + "mlp.c_fc", width, inner);
    linear(block + "mlp.c_proj", inner, width);
  }
  plain("ln_f.weight", {width});
  plain("ln_f.bias", {width});
  if (gpt2.tied()) {
    table.aliases.push_back({"lm_head.weight", "transformer.wte.weight"});
  } else {
    table.tensors.push_back({"lm_head.weight", {gpt2.vocabulary(), width}, "lm_head.weight"});
  }
  return table;
}

}  // namespace baton
