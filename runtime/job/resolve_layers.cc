// Defaults and limits of models that are given layer by layer: mlp, and lists of `layer`s.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

// Fills and checks one layer of a list; changes `width` from that of its input to that of its output.
absl::Status ResolveLayer(const std::string& path, bool in_residual, proto::Layer& layer, int64_t& width,
                          ModelSizes& sizes) {
  switch (layer.kind_case()) {
    case proto::Layer::kLinear: {
      proto::Linear& linear = *layer.mutable_linear();
      if (!linear.has_outputs()) return Missing(absl::StrCat(path, ".linear.outputs"), "the layer's width");
      BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat(path, ".linear.outputs"), linear.outputs(), 1, kMaxWidth));
      if (!linear.has_activation()) linear.set_activation(proto::NONE);
      BATON_RETURN_IF_ERROR(CheckActivation(absl::StrCat(path, ".linear.activation"), linear.activation(),
                                            {proto::NONE, proto::RELU, proto::GELU, proto::GELU_TANH}));
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

}  // namespace

absl::Status ResolveMlp(proto::Mlp& mlp, ModelSizes& sizes) {
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
  return CheckActivation("model.mlp.activation", mlp.activation(),
                         {proto::NONE, proto::RELU, proto::GELU, proto::GELU_TANH});
}

absl::Status ResolveLayerList(proto::Model& model, ModelSizes& sizes) {
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

}  // namespace baton
