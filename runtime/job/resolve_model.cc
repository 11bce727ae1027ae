// Defaults and limits of a job's model.
#include "runtime/job/resolve_model.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

// Sums and maxima over the layers. Doubles, since these may exceed 2^63 before they are refused.
struct Sizes {
  double parameters = 0;
  double widest = 0;  // elements of the largest tensor of one sequence or example
};

absl::Status CheckSizes(const Sizes& sizes, int64_t micro_batch) {
  if (sizes.parameters > static_cast<double>(kMaxParameters)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: ", sizes.parameters, " parameters must be at most ", kMaxParameters));
  }
  if (sizes.widest * micro_batch > static_cast<double>(kMaxElementsPerTensor)) {
    return absl::InvalidArgumentError(absl::StrCat("model: a tensor of ", sizes.widest * micro_batch,
                                                   " elements a micro-batch must be at most ", kMaxElementsPerTensor));
  }
  return absl::OkStatus();
}

// proto3 accepts unknown enum values in binary form, and in text if they are given by number.
absl::Status CheckActivation(absl::string_view field, int value) {
  if (proto::Activation_IsValid(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not one of NONE, RELU, GELU, GELU_TANH"));
}

absl::Status ResolveGpt2(proto::Gpt2& gpt2, Sizes& sizes) {
  if (!gpt2.has_layers()) return Missing("model.gpt2.layers", "the number of transformer blocks");
  if (!gpt2.has_width()) return Missing("model.gpt2.width", "the width of an embedding");
  if (!gpt2.has_heads()) return Missing("model.gpt2.heads", "the number of attention heads");
  if (!gpt2.has_context()) return Missing("model.gpt2.context", "the tokens of a sequence");
  if (!gpt2.has_vocabulary()) return Missing("model.gpt2.vocabulary", "the number of different tokens");
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.layers", gpt2.layers(), 1, kMaxLayers));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.width", gpt2.width(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.heads", gpt2.heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.context", gpt2.context(), 1, int64_t{1} << 20));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.vocabulary", gpt2.vocabulary(), 2, int64_t{1} << 24));
  if (gpt2.width() % gpt2.heads() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.gpt2.heads: ", gpt2.heads(), " does not divide model.gpt2.width: ", gpt2.width()));
  }
  if (!gpt2.has_activation()) gpt2.set_activation(proto::GELU);
  BATON_RETURN_IF_ERROR(CheckActivation("model.gpt2.activation", gpt2.activation()));
  if (gpt2.activation() == proto::NONE) {
    return absl::InvalidArgumentError("model.gpt2.activation: NONE is not one of RELU, GELU, GELU_TANH");
  }
  const double width = gpt2.width(), context = gpt2.context(), vocabulary = gpt2.vocabulary();
  sizes.parameters = gpt2.layers() * (12 * width * width + 13 * width) + (vocabulary + context + 2) * width;
  sizes.widest = std::max(context * std::max(4 * width, vocabulary), gpt2.heads() * context * context);
  return absl::OkStatus();
}

absl::Status ResolveMlp(proto::Mlp& mlp, Sizes& sizes) {
  if (mlp.sizes_size() < 2 || mlp.sizes_size() > kMaxLayers + 1) {
    return absl::InvalidArgumentError(absl::StrCat("model.mlp.sizes: ", mlp.sizes_size(), " sizes must be from 2 to ",
                                                   kMaxLayers + 1, " (input, hidden layers, classes)"));
  }
  for (int i = 0; i < mlp.sizes_size(); ++i) {
    const bool is_last = i + 1 == mlp.sizes_size();
    BATON_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("model.mlp.sizes[", i, "]"), mlp.sizes(i), is_last ? 2 : 1, kMaxWidth));
    sizes.widest = std::max(sizes.widest, static_cast<double>(mlp.sizes(i)));
    if (i > 0) sizes.parameters += (static_cast<double>(mlp.sizes(i - 1)) + 1) * mlp.sizes(i);
  }
  if (!mlp.has_activation()) mlp.set_activation(proto::RELU);
  return CheckActivation("model.mlp.activation", mlp.activation());
}

// Fills and checks one layer of a list; changes `width` from that of its input to that of its output.
absl::Status ResolveLayer(const std::string& path, bool in_residual, proto::Layer& layer, int64_t& width,
                          Sizes& sizes) {
  switch (layer.kind_case()) {
    case proto::Layer::kLinear: {
      proto::Linear& linear = *layer.mutable_linear();
      if (!linear.has_outputs()) return Missing(absl::StrCat(path, ".linear.outputs"), "the layer's width");
      BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat(path, ".linear.outputs"), linear.outputs(), 1, kMaxWidth));
      if (!linear.has_activation()) linear.set_activation(proto::NONE);
      BATON_RETURN_IF_ERROR(CheckActivation(absl::StrCat(path, ".linear.activation"), linear.activation()));
      sizes.parameters += (static_cast<double>(width) + 1) * linear.outputs();
      width = linear.outputs();
      sizes.widest = std::max(sizes.widest, static_cast<double>(width));
      return absl::OkStatus();
    }
    case proto::Layer::kLayerNorm:
      sizes.parameters += 2.0 * width;
      return absl::OkStatus();
    case proto::Layer::kRelu:
    case proto::Layer::kGelu:
      return absl::OkStatus();
    case proto::Layer::kResidual: {
      if (in_residual) {
        return absl::InvalidArgumentError(absl::StrCat(path, ".residual: a residual inside a residual"));
      }
      proto::Residual& residual = *layer.mutable_residual();
      if (residual.layer_size() < 1 || residual.layer_size() > 64) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ".residual.layer: ", residual.layer_size(), " layers must be from 1 to 64"));
      }
      const int64_t before = width;
      for (int i = 0; i < residual.layer_size(); ++i) {
        BATON_RETURN_IF_ERROR(ResolveLayer(absl::StrCat(path, ".residual.layer[", i, "]"), true,
                                           *residual.mutable_layer(i), width, sizes));
      }
      if (width == before) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat(path, ".residual: ends with width ", width, " but must keep the width ", before));
    }
    default:
      break;
  }
  if (layer.kind_case() != proto::Layer::KIND_NOT_SET) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no such layer yet"));
  }
  return Missing(path, "one of linear, layer_norm, relu, gelu, residual");
}

absl::Status ResolveLayerList(proto::Model& model, Sizes& sizes) {
  if (!model.has_inputs()) return Missing("model.inputs", "the features of one example, for a list of layers");
  BATON_RETURN_IF_ERROR(CheckRange("model.inputs", model.inputs(), 1, kMaxWidth));
  if (model.layer_size() > kMaxLayers) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.layer: ", model.layer_size(), " layers must be at most ", kMaxLayers));
  }
  int64_t width = model.inputs();
  sizes.widest = static_cast<double>(width);
  for (int i = 0; i < model.layer_size(); ++i) {
    BATON_RETURN_IF_ERROR(
        ResolveLayer(absl::StrCat("model.layer[", i, "]"), false, *model.mutable_layer(i), width, sizes));
  }
  if (width >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.layer: ends with width ", width, ", the number of classes, which must be at least 2"));
}

}  // namespace

absl::Status ResolveModel(int64_t micro_batch, proto::Model& model) {
  if (model.layer_size() > 0 && model.kind_case() != proto::Model::KIND_NOT_SET) {
    return absl::InvalidArgumentError("model: layer cannot stand beside gpt2 or mlp");
  }
  if (model.has_inputs() && model.kind_case() != proto::Model::KIND_NOT_SET) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.inputs: ", model.inputs(), " goes with a list of layers, not with gpt2 or mlp"));
  }
  Sizes sizes;
  switch (model.kind_case()) {
    case proto::Model::kGpt2:
      BATON_RETURN_IF_ERROR(ResolveGpt2(*model.mutable_gpt2(), sizes));
      break;
    case proto::Model::kMlp:
      BATON_RETURN_IF_ERROR(ResolveMlp(*model.mutable_mlp(), sizes));
      break;
    case proto::Model::kLlama:
    case proto::Model::kBert:
    case proto::Model::kVit:
    case proto::Model::kResnet:
      return absl::InvalidArgumentError("model: no such kind yet");
    case proto::Model::KIND_NOT_SET:
      if (model.layer_size() == 0) return Missing("model", "gpt2 { … }, mlp { … } or inputs and a list of layer { … }");
      BATON_RETURN_IF_ERROR(ResolveLayerList(model, sizes));
      break;
  }
  return CheckSizes(sizes, micro_batch);
}

}  // namespace baton
