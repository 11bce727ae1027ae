// Builds the blocks of GPT-2, with the embedding in the first and the head in the last.
#include "ops/models/gpt2/gpt2.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/parts.h"

namespace baton {
namespace {

constexpr char kTokens[] = "wte";
constexpr char kPositions[] = "wpe";

LayerSpec Embedding(const Gpt2Options& options) {
  EmbeddingSpec embedding;
  embedding.token_name = kTokens;
  embedding.position_name = kPositions;
  embedding.vocabulary = options.vocabulary;
  embedding.context = options.context;
  embedding.width = options.width;
  embedding.initializer = {Initializer::Kind::kNormal, kTransformerDeviation};
  return {embedding};
}

LayerSpec Attention(const Gpt2Options& options, const std::string& block, double residual_deviation) {
  const int64_t width = options.width;
  AttentionSpec attention{options.heads, width};
  attention.dropout = options.dropout.attention;
  attention.name = block + ".attn.probabilities";
  ResidualSpec residual;
  residual.layers.push_back(NormPart(block + ".ln_1", options.width, options.epsilon));
  residual.layers.push_back(LinearPart(block + ".attn.c_attn", width, 3 * width));
  residual.layers.push_back({attention});
  residual.layers.push_back(LinearPart(block + ".attn.c_proj", width, width, /*bias=*/true, residual_deviation));
  AddDropout(block + ".attn.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

LayerSpec FeedForward(const Gpt2Options& options, const std::string& block, double residual_deviation) {
  const int64_t width = options.width, inner = options.feed_forward;
  ResidualSpec residual;
  residual.layers.push_back(NormPart(block + ".ln_2", options.width, options.epsilon));
  residual.layers.push_back(LinearPart(block + ".mlp.c_fc", width, inner));
  residual.layers.push_back({ActivationSpec{options.activation}});
  residual.layers.push_back(LinearPart(block + ".mlp.c_proj", inner, width, /*bias=*/true, residual_deviation));
  AddDropout(block + ".mlp.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

absl::Status Check(const Gpt2Options& options) {
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.layers", options.layers));
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.width", options.width));
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.heads", options.heads));
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.context", options.context));
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.vocabulary", options.vocabulary, kLargestVocabulary));
  BATON_RETURN_IF_ERROR(CheckSize("model.gpt2.feed_forward", options.feed_forward));
  if (options.sequence < 1 || options.sequence > options.context) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.context: ", options.sequence, " is not in [1, model.gpt2.context: ", options.context, "]"));
  }
  if (options.width % options.heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.gpt2.heads: ", options.heads, " does not divide width: ", options.width));
}

}  // namespace

absl::StatusOr<ModelSpec> Gpt2Model(const Gpt2Options& given, int64_t sequences_per_micro_batch,
                                    int64_t sequences_per_batch) {
  Gpt2Options options = given;
  if (options.sequence == 0) options.sequence = options.context;
  if (options.feed_forward == 0 && options.width < int64_t{1} << 30) options.feed_forward = 4 * options.width;
  BATON_RETURN_IF_ERROR(Check(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("sequences", sequences_per_micro_batch, sequences_per_batch));
  ModelSpec model;
  model.name = "gpt2";
  model.input_shape = Shape(DataType::kInt32, {sequences_per_micro_batch, options.sequence});
  model.targets_shape = model.input_shape;
  const double residual_deviation = ResidualDeviation(options.layers);
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string block = absl::StrCat("h.", i);
    SequenceSpec layer;
    if (i == 0) {
      layer.layers.push_back(Embedding(options));
      AddDropout("dropout", options.dropout.embedding, layer.layers);
    }
    layer.layers.push_back(Attention(options, block, residual_deviation));
    layer.layers.push_back(FeedForward(options, block, residual_deviation));
    if (i + 1 == options.layers) {
      layer.layers.push_back(NormPart("ln_f", options.width, options.epsilon));
      layer.layers.push_back(HeadPart("lm_head", options.width, options.vocabulary, options.tied ? kTokens : ""));
      layer.layers.push_back({CrossEntropySpec{options.vocabulary, sequences_per_batch * options.sequence}});
    }
    model.layer_names.push_back(block);
    model.layers.push_back({std::move(layer)});
  }
  return model;
}

}  // namespace baton
