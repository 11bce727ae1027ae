// BERT that predicts masked tokens. Queries, keys and values are one linear layer here.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/add_tensors.h"
#include "runtime/hugging_face/families.h"

namespace baton {
namespace {

// The tensors of the head that predicts the next sentence, and a table of numbers that old files have.
bool IsUnused(const std::string& name) {
  return name == "embeddings.position_ids" || absl::StartsWith(name, "pooler.") ||
         absl::StartsWith(name, "cls.seq_relationship.");
}

}  // namespace

absl::Status ReadBertConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model) {
  proto::Bert& bert = *model.mutable_bert();
  BATON_ASSIGN_OR_RETURN(const int64_t layers, fields.Whole("num_hidden_layers", 1, kMostConfigLayers));
  BATON_ASSIGN_OR_RETURN(const int64_t width, fields.Whole("hidden_size", 1, kMostConfigWidth));
  BATON_ASSIGN_OR_RETURN(const int64_t heads, fields.Whole("num_attention_heads", 1, kMostConfigHeads));
  BATON_ASSIGN_OR_RETURN(const int64_t inner, fields.Whole("intermediate_size", 1, kMostConfigInner));
  BATON_ASSIGN_OR_RETURN(const int64_t context, fields.Whole("max_position_embeddings", 1, kMostConfigContext));
  BATON_ASSIGN_OR_RETURN(const int64_t vocabulary, fields.Whole("vocab_size", 2, kMostConfigVocabulary));
  int64_t segments = 2;
  if (fields.Has("type_vocab_size")) {
    BATON_ASSIGN_OR_RETURN(segments, fields.Whole("type_vocab_size", 1, 1024));
  }
  BATON_RETURN_IF_ERROR(fields.CheckDivides("num_attention_heads", heads, "hidden_size", width));
  BATON_ASSIGN_OR_RETURN(const double epsilon, fields.Epsilon("layer_norm_eps", 1e-12));
  BATON_ASSIGN_OR_RETURN(const proto::Activation activation, fields.ActivationOf("hidden_act", "gelu"));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("tie_word_embeddings", true));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("is_decoder", false));
  BATON_RETURN_IF_ERROR(fields.CheckFlag("add_cross_attention", false));
  if (fields.Has("position_embedding_type")) {
    BATON_ASSIGN_OR_RETURN(const std::string positions, fields.Text("position_embedding_type"));
    if (positions != "absolute") return fields.Wrong("position_embedding_type", "is not \"absolute\"");
  }
  BATON_ASSIGN_OR_RETURN(const double dropout, fields.Dropout("hidden_dropout_prob"));
  BATON_ASSIGN_OR_RETURN(const double attention_dropout, fields.Dropout("attention_probs_dropout_prob"));
  model.set_dropout(dropout);
  model.set_attention_dropout(attention_dropout);
  bert.set_layers(static_cast<int32_t>(layers));
  bert.set_width(width);
  bert.set_heads(heads);
  bert.set_feed_forward(inner);
  bert.set_context(context);
  bert.set_vocabulary(vocabulary);
  bert.set_segments(segments);
  bert.set_activation(activation);
  bert.set_epsilon(epsilon);
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> WriteBertConfig(const proto::Model& model) {
  const proto::Bert& bert = model.bert();
  return nlohmann::json{
      {"architectures", {"BertForMaskedLM"}},
      {"model_type", "bert"},
      {"num_hidden_layers", bert.layers()},
      {"hidden_size", bert.width()},
      {"num_attention_heads", bert.heads()},
      {"intermediate_size", bert.feed_forward()},
      {"max_position_embeddings", bert.context()},
      {"vocab_size", bert.vocabulary()},
      {"type_vocab_size", bert.segments()},
      {"hidden_act", NameOfActivation(bert.activation())},
      {"layer_norm_eps", bert.epsilon()},
      {"hidden_dropout_prob", model.dropout()},
      {"attention_probs_dropout_prob", model.attention_dropout()},
      {"tie_word_embeddings", true},
      {"pad_token_id", 0},
      {"torch_dtype", "float32"},
  };
}

TensorTable BertTensors(const proto::Model& model) {
  const proto::Bert& bert = model.bert();
  const int64_t width = bert.width(), inner = bert.feed_forward();
  TensorTable table;
  table.prefix = "bert.";
  table.passed_over = IsUnused;
  const auto table_of = [&](const char* theirs, const char* ours, int64_t rows) {
    table.tensors.push_back({theirs, {rows, width}, ours});
  };
  table_of("bert.embeddings.word_embeddings.weight", "embeddings.tokens.weight", bert.vocabulary());
  table_of("bert.embeddings.position_embeddings.weight", "embeddings.positions.weight", bert.context());
  table_of("bert.embeddings.token_type_embeddings.weight", "embeddings.segments.weight", bert.segments());
  AddNorm("bert.embeddings.LayerNorm", "embeddings.norm", width, table);
  for (int layer = 0; layer < bert.layers(); ++layer) {
    const std::string theirs = absl::StrCat("bert.encoder.layer.", layer), ours = absl::StrCat("layers.", layer);
    AddQueryKeyValue(theirs + ".attention.self.", ours + ".attention.qkv", width, /*bias=*/true, table);
    AddLinear(theirs + ".attention.output.dense", ours + ".attention.output", width, width, table);
    AddNorm(theirs + ".attention.output.LayerNorm", ours + ".norm_1", width, table);
    AddLinear(theirs + ".intermediate.dense", ours + ".feed_forward.up", width, inner, table);
    AddLinear(theirs + ".output.dense", ours + ".feed_forward.down", inner, width, table);
    AddNorm(theirs + ".output.LayerNorm", ours + ".norm_2", width, table);
  }
  AddLinear("cls.predictions.transform.dense", "head.dense", width, width, table);
  AddNorm("cls.predictions.transform.LayerNorm", "head.norm", width, table);
  table.tensors.push_back({"cls.predictions.bias", {bert.vocabulary()}, "head.bias"});
  table.aliases.push_back({"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"});
  table.aliases.push_back({"cls.predictions.decoder.bias", "cls.predictions.bias"});
  return table;
}

}  // namespace baton
