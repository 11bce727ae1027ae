// Builds the blocks of Llama, with the embedding in the first and the head in the last.
#include "ops/models/llama/llama.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/parts.h"

namespace baton {
namespace {

constexpr char kTokens[] = "embed_tokens";

LayerSpec Norm(const LlamaOptions& options, const std::string& name) {
  RmsNormSpec norm;
  norm.name = name;
  norm.width = options.width;
  norm.epsilon = options.epsilon;
  return {norm};
}

LayerSpec Embedding(const LlamaOptions& options) {
  EmbeddingSpec embedding;
  embedding.token_name = kTokens;
  embedding.vocabulary = options.vocabulary;
  embedding.context = options.sequence;
  embedding.width = options.width;
  embedding.initializer = {Initializer::Kind::kNormal, kTransformerDeviation};
  return {embedding};
}

// The RMS norm of `heads` heads behind the first `before` heads of a row of `row` channels.
LayerSpec HeadNorm(const LlamaOptions& options, const std::string& name, int64_t before, int64_t heads, int64_t row) {
  RmsNormSpec norm;
  norm.name = name;
  norm.width = options.head_width;
  norm.epsilon = options.epsilon;
  norm.row = row;
  norm.begin = before * options.head_width;
  norm.runs = heads;
  return {norm};
}

LayerSpec Attention(const LlamaOptions& options, const std::string& block, double residual_deviation) {
  AttentionSpec attention;
  attention.heads = options.heads;
  attention.width = options.heads * options.head_width;
  attention.key_value_heads = options.key_value_heads;
  attention.window = options.window;
  attention.dropout = options.dropout.attention;
  attention.name = block + ".self_attn.probabilities";
  const int64_t row = attention.RowWidth();
  const std::string name = block + ".self_attn";
  ResidualSpec residual;
  residual.layers.push_back(Norm(options, block + ".input_layernorm"));
  residual.layers.push_back(LinearPart(name + ".qkv_proj", options.width, row, options.query_key_value_bias));
  if (options.query_key_norm) {
    residual.layers.push_back(HeadNorm(options, name + ".q_norm", 0, options.heads, row));
    residual.layers.push_back(HeadNorm(options, name + ".k_norm", options.heads, options.key_value_heads, row));
  }
  residual.layers.push_back(
      {RotarySpec{options.heads + options.key_value_heads, options.head_width, options.frequencies}});
  residual.layers.push_back({attention});
  residual.layers.push_back(
      LinearPart(name + ".o_proj", attention.width, options.width, options.attention_output_bias, residual_deviation));
  AddDropout(block + ".self_attn.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

LayerSpec FeedForward(const LlamaOptions& options, const std::string& block, double residual_deviation) {
  const bool bias = options.feed_forward_bias;
  ResidualSpec residual;
  residual.layers.push_back(Norm(options, block + ".post_attention_layernorm"));
  residual.layers.push_back(LinearPart(block + ".mlp.gate_up_proj", options.width, 2 * options.feed_forward, bias));
  residual.layers.push_back({GateSpec{options.activation}});
  residual.layers.push_back(
      LinearPart(block + ".mlp.down_proj", options.feed_forward, options.width, bias, residual_deviation));
  AddDropout(block + ".mlp.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

absl::Status Check(const LlamaOptions& options) {
  const std::pair<const char*, int64_t> sizes[] = {
      {"model.llama.layers", options.layers},
      {"model.llama.width", options.width},
      {"model.llama.heads", options.heads},
      {"model.llama.key_value_heads", options.key_value_heads},
      {"model.llama.head_width", options.head_width},
      {"model.llama.feed_forward", options.feed_forward},
      {"data.context", options.sequence},
  };
  for (const auto& [field, value] : sizes) BATON_RETURN_IF_ERROR(CheckSize(field, value));
  BATON_RETURN_IF_ERROR(CheckSize("model.llama.vocabulary", options.vocabulary, kLargestVocabulary));
  if (options.heads % options.key_value_heads != 0) {
    return absl::InvalidArgumentError(absl::StrCat("model.llama.key_value_heads: ", options.key_value_heads,
                                                   " does not divide heads: ", options.heads));
  }
  if (options.head_width % 2 == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.llama.head_width: ", options.head_width, " is not even, as rotary positions need"));
}

}  // namespace

absl::StatusOr<ModelSpec> LlamaModel(const LlamaOptions& options, int64_t sequences_per_micro_batch,
                                     int64_t sequences_per_batch) {
  BATON_RETURN_IF_ERROR(Check(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("sequences", sequences_per_micro_batch, sequences_per_batch));
  ModelSpec model;
  model.name = "llama";
  model.input_shape = Shape(DataType::kInt32, {sequences_per_micro_batch, options.sequence});
  model.targets_shape = model.input_shape;
  const double residual_deviation = ResidualDeviation(options.layers);
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string block = absl::StrCat("layers.", i);
    SequenceSpec layer;
    if (i == 0) {
      layer.layers.push_back(Embedding(options));
      AddDropout("dropout", options.dropout.embedding, layer.layers);
    }
    layer.layers.push_back(Attention(options, block, residual_deviation));
    layer.layers.push_back(FeedForward(options, block, residual_deviation));
    if (i + 1 == options.layers) {
      layer.layers.push_back(Norm(options, "norm"));
      layer.layers.push_back(HeadPart("lm_head", options.width, options.vocabulary, options.tied ? kTokens : ""));
      layer.layers.push_back({CrossEntropySpec{options.vocabulary, sequences_per_batch * options.sequence}});
    }
    model.layer_names.push_back(block);
    model.layers.push_back({std::move(layer)});
  }
  return model;
}

}  // namespace baton
