// Field by field.
#include "runtime/planning/model_options.h"

namespace baton {
namespace {

BatchStatistics ToStatistics(proto::BatchStatistics statistics) {
  return statistics == proto::FROZEN ? BatchStatistics::kFrozen : BatchStatistics::kMicroBatch;
}

RotaryFrequencies ToRotaryFrequencies(const proto::Rotary& rotary) {
  RotaryFrequencies frequencies = {rotary.base(), rotary.factor(), rotary.low_frequency(), rotary.high_frequency(),
                                   rotary.context()};
  frequencies.stretch = rotary.stretch() == proto::Rotary::YARN     ? RotaryStretch::kYarn
                        : rotary.stretch() == proto::Rotary::LINEAR ? RotaryStretch::kLinear
                                                                    : RotaryStretch::kLlama3;
  frequencies.blends_between_pairs = rotary.blends_between_pairs();
  frequencies.magnitude = rotary.magnitude();
  return frequencies;
}

ListedPool ToPool(PoolKind kind, const proto::Pool& pool) {
  return ListedPool{{kind, pool.kernel(), pool.stride(), pool.padding()}};
}

ListedAttention ToAttention(const proto::Attention& attention) {
  ListedAttention listed;
  listed.heads = attention.heads();
  listed.key_value_heads = attention.key_value_heads();
  listed.causal = attention.causal();
  listed.window = attention.window();
  if (attention.has_rotary()) listed.rotary = ToRotaryFrequencies(attention.rotary());
  listed.bias = attention.bias();
  return listed;
}

ListedPlain ToListedPlain(const proto::Layer& layer) {
  switch (layer.kind_case()) {
    case proto::Layer::kLayerNorm:
      return ListedLayerNorm{};
    case proto::Layer::kRelu:
      return ListedActivation{ActivationKind::kRelu};
    case proto::Layer::kGelu:
      return ListedActivation{ActivationKind::kGelu};
    case proto::Layer::kRmsNorm:
      return ListedRmsNorm{layer.rms_norm().epsilon()};
    case proto::Layer::kDropout:
      return ListedDropout{layer.dropout().probability()};
    case proto::Layer::kConvolution: {
      const proto::Convolution& convolution = layer.convolution();
      return ListedConvolution{convolution.outputs(), convolution.kernel(), convolution.stride(), convolution.padding(),
                               convolution.bias()};
    }
    case proto::Layer::kGroupNorm:
      return ListedGroupNorm{layer.group_norm().groups(), layer.group_norm().epsilon()};
    case proto::Layer::kBatchNorm:
      return ListedBatchNorm{ToStatistics(layer.batch_norm().statistics()), layer.batch_norm().epsilon()};
    case proto::Layer::kMaxPool:
      return ToPool(PoolKind::kMax, layer.max_pool());
    case proto::Layer::kAveragePool:
      return ToPool(PoolKind::kAverage, layer.average_pool());
    case proto::Layer::kGlobalAverage:
      return ListedGlobalAverage{};
    case proto::Layer::kPatches:
      return ListedPatches{layer.patches().edge(), layer.patches().outputs(), layer.patches().class_token()};
    case proto::Layer::kEmbedding: {
      const proto::TokenEmbedding& embedding = layer.embedding();
      return ListedEmbedding{embedding.vocabulary(), embedding.width(), embedding.context(), embedding.positions()};
    }
    case proto::Layer::kAttention:
      return ToAttention(layer.attention());
    case proto::Layer::kGatedFeedForward:
      return ListedGatedFeedForward{
          layer.gated_feed_forward().inner(),
          ToActivation(layer.gated_feed_forward().activation()).value_or(ActivationKind::kSilu)};
    default: {
      ListedLinear linear;
      linear.outputs = layer.linear().outputs();
      linear.activation = ToActivation(layer.linear().activation());
      return linear;
    }
  }
}

ListedLayer ToListedLayer(const proto::Layer& layer) {
  if (!layer.has_residual()) return ToListedPlain(layer);
  ListedResidual residual;
  for (const proto::Layer& inner : layer.residual().layer()) residual.layers.push_back(ToListedPlain(inner));
  for (const proto::Layer& inner : layer.residual().shortcut()) residual.shortcut.push_back(ToListedPlain(inner));
  return residual;
}

}  // namespace

std::optional<ActivationKind> ToActivation(proto::Activation activation) {
  switch (activation) {
    case proto::RELU:
      return ActivationKind::kRelu;
    case proto::GELU:
      return ActivationKind::kGelu;
    case proto::GELU_TANH:
      return ActivationKind::kGeluTanh;
    case proto::SILU:
      return ActivationKind::kSilu;
    default:
      return std::nullopt;
  }
}

LayerListOptions ToLayerListOptions(const proto::Model& model, int64_t context) {
  LayerListOptions options;
  options.context = context;
  options.inputs = model.inputs();
  if (model.has_image()) options.image = {model.image().channels(), model.image().height(), model.image().width()};
  for (const proto::Layer& layer : model.layer()) options.layers.push_back(ToListedLayer(layer));
  return options;
}

Gpt2Options ToGpt2Options(const proto::Model& model, int64_t context) {
  const proto::Gpt2& gpt2 = model.gpt2();
  Gpt2Options options;
  options.dropout = {model.embedding_dropout(), model.attention_dropout(), model.dropout()};
  options.layers = gpt2.layers();
  options.width = gpt2.width();
  options.heads = gpt2.heads();
  options.context = gpt2.context();
  options.vocabulary = gpt2.vocabulary();
  options.activation = ToActivation(gpt2.activation()).value_or(ActivationKind::kGelu);
  options.sequence = context;
  options.feed_forward = gpt2.feed_forward();
  options.epsilon = gpt2.epsilon();
  options.tied = gpt2.tied();
  return options;
}

LlamaOptions ToLlamaOptions(const proto::Model& model, int64_t context) {
  const proto::Llama& llama = model.llama();
  LlamaOptions options;
  options.dropout = {model.embedding_dropout(), model.attention_dropout(), model.dropout()};
  options.layers = llama.layers();
  options.width = llama.width();
  options.heads = llama.heads();
  options.key_value_heads = llama.key_value_heads();
  options.head_width = llama.head_width();
  options.feed_forward = llama.feed_forward();
  options.vocabulary = llama.vocabulary();
  options.sequence = context;
  options.activation = ToActivation(llama.activation()).value_or(ActivationKind::kSilu);
  options.epsilon = llama.epsilon();
  options.frequencies = ToRotaryFrequencies(llama.rotary());
  options.window = llama.window();
  options.tied = llama.tied();
  options.query_key_value_bias = llama.query_key_value_bias();
  options.attention_output_bias = llama.attention_output_bias();
  options.feed_forward_bias = llama.feed_forward_bias();
  options.query_key_norm = llama.query_key_norm();
  return options;
}

VitOptions ToVitOptions(const proto::Model& model) {
  const proto::Vit& vit = model.vit();
  VitOptions options;
  options.layers = vit.layers();
  options.width = vit.width();
  options.heads = vit.heads();
  options.feed_forward = vit.feed_forward();
  options.channels = vit.image().channels();
  options.height = vit.image().height();
  options.image_width = vit.image().width();
  options.patch = vit.patch();
  options.classes = vit.classes();
  options.activation = ToActivation(vit.activation()).value_or(ActivationKind::kGelu);
  options.epsilon = vit.epsilon();
  options.query_key_value_bias = vit.query_key_value_bias();
  options.dropout = {model.embedding_dropout(), model.attention_dropout(), model.dropout()};
  return options;
}

ResnetOptions ToResnetOptions(const proto::Resnet& resnet) {
  ResnetOptions options;
  options.embedding = resnet.embedding();
  options.widths.assign(resnet.widths().begin(), resnet.widths().end());
  options.depths.assign(resnet.depths().begin(), resnet.depths().end());
  options.bottleneck = resnet.block() == proto::Resnet::BOTTLENECK;
  options.channels = resnet.image().channels();
  options.height = resnet.image().height();
  options.width = resnet.image().width();
  options.classes = resnet.classes();
  options.downsample_in_first_stage = resnet.downsample_in_first_stage();
  options.downsample_in_bottleneck = resnet.downsample_in_bottleneck();
  options.activation = ToActivation(resnet.activation()).value_or(ActivationKind::kRelu);
  options.statistics = ToStatistics(resnet.statistics());
  return options;
}

BertOptions ToBertOptions(const proto::Model& model, int64_t context, int64_t predicted) {
  const proto::Bert& bert = model.bert();
  BertOptions options;
  options.layers = bert.layers();
  options.width = bert.width();
  options.heads = bert.heads();
  options.feed_forward = bert.feed_forward();
  options.positions = bert.context();
  options.vocabulary = bert.vocabulary();
  options.segments = bert.segments();
  options.activation = ToActivation(bert.activation()).value_or(ActivationKind::kGelu);
  options.epsilon = bert.epsilon();
  options.dropout = {model.embedding_dropout(), model.attention_dropout(), model.dropout()};
  options.context = context;
  options.predicted = predicted;
  return options;
}

}  // namespace baton
