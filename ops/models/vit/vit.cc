// Builds the blocks, with the embedding in the first and the classifier in the last.
#include "ops/models/vit/vit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/parts.h"

namespace baton {
namespace {

absl::Status Check(const VitOptions& options) {
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.layers", options.layers));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.width", options.width));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.heads", options.heads));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.feed_forward", options.feed_forward));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.image.channels", options.channels));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.image.height", options.height));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.image.width", options.image_width));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.patch", options.patch));
  BATON_RETURN_IF_ERROR(CheckSize("model.vit.classes", options.classes));
  if (options.width % options.heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.vit.heads: ", options.heads, " does not divide width: ", options.width));
}

void AddEmbedding(const VitOptions& options, std::vector<LayerSpec>& layers) {
  layers.push_back({PatchesSpec{options.patch}});
  layers.push_back(
      LinearPart("embeddings.projection", options.channels * options.patch * options.patch, options.width));
  layers.push_back(
      {PositionsSpec{"embeddings", /*class_token=*/true, {Initializer::Kind::kNormal, kTransformerDeviation}}});
  AddDropout("embeddings.dropout", options.dropout.embedding, layers);
}

LayerSpec Attention(const VitOptions& options, const std::string& block) {
  const int64_t width = options.width;
  AttentionSpec attention{options.heads, width};
  attention.causal = false;
  attention.dropout = options.dropout.attention;
  attention.name = block + ".attention.probabilities";
  ResidualSpec residual;
  residual.layers = {NormPart(block + ".norm_1", width, options.epsilon),
                     LinearPart(block + ".attention.qkv", width, 3 * width, options.query_key_value_bias),
                     {attention},
                     LinearPart(block + ".attention.output", width, width)};
  AddDropout(block + ".attention.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

LayerSpec FeedForward(const VitOptions& options, const std::string& block) {
  ResidualSpec residual;
  residual.layers = {NormPart(block + ".norm_2", options.width, options.epsilon),
                     LinearPart(block + ".feed_forward.up", options.width, options.feed_forward),
                     {ActivationSpec{options.activation}},
                     LinearPart(block + ".feed_forward.down", options.feed_forward, options.width)};
  AddDropout(block + ".feed_forward.dropout", options.dropout.residual, residual.layers);
  return {residual};
}

}  // namespace

absl::StatusOr<ModelSpec> VitModel(const VitOptions& options, int64_t examples_per_micro_batch,
                                   int64_t examples_per_batch) {
  BATON_RETURN_IF_ERROR(Check(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("examples", examples_per_micro_batch, examples_per_batch));
  ModelSpec model;
  model.name = "vit";
  model.input_shape =
      Shape(DataType::kFloat32, {examples_per_micro_batch, options.channels, options.height, options.image_width});
  model.targets_shape = Shape(DataType::kInt32, {examples_per_micro_batch});
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string block = absl::StrCat("layers.", i);
    SequenceSpec layer;
    if (i == 0) AddEmbedding(options, layer.layers);
    layer.layers.push_back(Attention(options, block));
    layer.layers.push_back(FeedForward(options, block));
    if (i + 1 == options.layers) {
      // The norm acts on each row alone, so that only the class token's is needed.
      layer.layers.push_back({FirstRowSpec{}});
      layer.layers.push_back(NormPart("norm", options.width, options.epsilon));
      layer.layers.push_back(LinearPart("classifier", options.width, options.classes));
      layer.layers.push_back({CrossEntropySpec{options.classes, examples_per_batch}});
    }
    model.layer_names.push_back(block);
    model.layers.push_back({std::move(layer)});
  }
  return model;
}

}  // namespace baton
