// Builds the blocks, with the embedding in the first and the head in the last.
#include "ops/models/bert/bert.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/parts.h"

namespace baton {
namespace {

constexpr char kTokens[] = "embeddings.tokens";

absl::Status Check(const BertOptions& options) {
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.layers", options.layers));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.width", options.width));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.heads", options.heads));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.feed_forward", options.feed_forward));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.context", options.positions));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.vocabulary", options.vocabulary, kLargestVocabulary));
  BATON_RETURN_IF_ERROR(CheckSize("model.bert.segments", options.segments));
  BATON_RETURN_IF_ERROR(CheckSize("data.context", options.context));
  BATON_RETURN_IF_ERROR(CheckSize("predicted tokens of a sequence", options.predicted));
  if (options.width % options.heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.bert.heads: ", options.heads, " does not divide width: ", options.width));
}

void AddEmbedding(const BertOptions& options, std::vector<LayerSpec>& layers) {
  EmbeddingSpec embedding;
  embedding.token_name = kTokens;
  embedding.position_name = "embeddings.positions";
  embedding.segment_name = "embeddings.segments";
  embedding.vocabulary = options.vocabulary;
  embedding.context = options.positions;
  embedding.segments = options.segments;
  embedding.width = options.width;
  embedding.initializer = {Initializer::Kind::kNormal, kTransformerDeviation};
  layers.push_back({embedding});
  layers.push_back(NormPart("embeddings.norm", options.width, options.epsilon));
  AddDropout("embeddings.dropout", options.dropout.embedding, layers);
}

void AddBlock(const BertOptions& options, const std::string& block, std::vector<LayerSpec>& layers) {
  const int64_t width = options.width;
  AttentionSpec attention{options.heads, width};
  attention.causal = false;
  attention.dropout = options.dropout.attention;
  attention.name = block + ".attention.probabilities";
  ResidualSpec first;
  first.layers = {LinearPart(block + ".attention.qkv", width, 3 * width),
                  {attention},
                  LinearPart(block + ".attention.output", width, width)};
  AddDropout(block + ".attention.dropout", options.dropout.residual, first.layers);
  ResidualSpec second;
  second.layers = {LinearPart(block + ".feed_forward.up", width, options.feed_forward),
                   {ActivationSpec{options.activation}},
                   LinearPart(block + ".feed_forward.down", options.feed_forward, width)};
  AddDropout(block + ".feed_forward.dropout", options.dropout.residual, second.layers);
  layers.push_back({first});
  layers.push_back(NormPart(block + ".norm_1", width, options.epsilon));
  layers.push_back({second});
  layers.push_back(NormPart(block + ".norm_2", width, options.epsilon));
}

void AddHead(const BertOptions& options, int64_t loss_rows, std::vector<LayerSpec>& layers) {
  LayerSpec head = LinearPart("head", options.width, options.vocabulary);
  std::get<LinearSpec>(head.kind).weight_name = absl::StrCat(kTokens, ".weight");
  layers.push_back(LinearPart("head.dense", options.width, options.width));
  layers.push_back({ActivationSpec{options.activation}});
  layers.push_back(NormPart("head.norm", options.width, options.epsilon));
  layers.push_back(head);
  layers.push_back({CrossEntropySpec{options.vocabulary, loss_rows}});
}

}  // namespace

absl::StatusOr<ModelSpec> BertModel(const BertOptions& options, int64_t sequences_per_micro_batch,
                                    int64_t sequences_per_batch) {
  BATON_RETURN_IF_ERROR(Check(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("sequences", sequences_per_micro_batch, sequences_per_batch));
  ModelSpec model;
  model.name = "bert";
  model.input_shape = Shape(DataType::kInt32, {sequences_per_micro_batch, options.context});
  model.targets_shape = model.input_shape;
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string block = absl::StrCat("layers.", i);
    SequenceSpec layer;
    if (i == 0) AddEmbedding(options, layer.layers);
    AddBlock(options, block, layer.layers);
    if (i + 1 == options.layers) AddHead(options, sequences_per_batch * options.predicted, layer.layers);
    model.layer_names.push_back(block);
    model.layers.push_back({std::move(layer)});
  }
  return model;
}

}  // namespace baton
