// Defaults and limits of lists of `layer`s.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/layer_shapes.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"
#include "runtime/job/resolve_listed_layer.h"

namespace baton {
namespace {

constexpr int kMostInResidual = 64;

absl::Status ResolveLayer(const std::string& path, bool in_residual, proto::Layer& layer, ExampleShape& shape,
                          ModelSizes& sizes);

absl::Status ResolveBranch(const std::string& path, google::protobuf::RepeatedPtrField<proto::Layer>& layers,
                           ExampleShape& shape, ModelSizes& sizes) {
  for (int i = 0; i < layers.size(); ++i) {
    BATON_RETURN_IF_ERROR(ResolveLayer(absl::StrCat(path, "[", i, "]"), true, layers[i], shape, sizes));
  }
  return absl::OkStatus();
}

absl::Status ResolveResidual(const std::string& path, proto::Residual& residual, ExampleShape shape,
                             ModelSizes& sizes) {
  if (residual.layer_size() < 1 || residual.layer_size() > kMostInResidual) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".layer: ", residual.layer_size(), " layers must be from 1 to ", kMostInResidual));
  }
  if (residual.shortcut_size() > kMostInResidual) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".shortcut: ", residual.shortcut_size(), " layers must be at most ", kMostInResidual));
  }
  ExampleShape shortcut = shape;
  BATON_RETURN_IF_ERROR(ResolveBranch(path + ".layer", *residual.mutable_layer(), shape, sizes));
  BATON_RETURN_IF_ERROR(ResolveBranch(path + ".shortcut", *residual.mutable_shortcut(), shortcut, sizes));
  if (shape == shortcut) return absl::OkStatus();
  const bool widths = shape.extents.size() == 1 && shortcut.extents.size() == 1 && residual.shortcut_size() == 0;
  return absl::InvalidArgumentError(
      widths
          ? absl::StrCat(path, ": ends with width ", shape.width(), " but must keep the width ", shortcut.width())
          : absl::StrCat(path, ": layer ends with ", shape.ToString(), ", but ",
                         residual.shortcut_size() == 0 ? "the input is " : "shortcut ends with ", shortcut.ToString()));
}

// Fills and checks one layer of a list; changes `shape` from that of its input to that of its output.
absl::Status ResolveLayer(const std::string& path, bool in_residual, proto::Layer& layer, ExampleShape& shape,
                          ModelSizes& sizes) {
  if (!layer.has_residual()) {
    BATON_RETURN_IF_ERROR(ResolveListedLayer(path, layer, shape, sizes));
  } else if (in_residual) {
    return absl::InvalidArgumentError(absl::StrCat(path, ".residual: a residual inside a residual"));
  } else {
    BATON_RETURN_IF_ERROR(ResolveResidual(path + ".residual", *layer.mutable_residual(), shape, sizes));
  }
  PassThrough(layer, shape);
  sizes.widest = std::max(sizes.widest, shape.NumElements());
  return absl::OkStatus();
}

// Resolves the input of the list.
absl::Status ResolveInput(proto::Model& model) {
  const bool tokens = model.layer(0).has_embedding();
  if (model.has_inputs() + model.has_image() + tokens > 1) {
    return absl::InvalidArgumentError("model: inputs, image and a first layer of embedding exclude each other");
  }
  if (tokens) {
    proto::TokenEmbedding& embedding = *model.mutable_layer(0)->mutable_embedding();
    if (!embedding.has_context()) return Missing("model.layer[0].embedding.context", "the tokens of a sequence");
    return CheckRange("model.layer[0].embedding.context", embedding.context(), 1, int64_t{1} << 20);
  }
  if (model.has_image()) return ResolveImage("model.image", *model.mutable_image());
  if (!model.has_inputs()) return Missing("model.inputs", "the features of one example, for a list of layers");
  return CheckRange("model.inputs", model.inputs(), 1, kMaxWidth);
}

}  // namespace

absl::Status ResolveLayerList(int64_t sequence, proto::Model& model, ModelSizes& sizes) {
  BATON_RETURN_IF_ERROR(ResolveInput(model));
  if (model.layer_size() > kMaxLayers) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.layer: ", model.layer_size(), " layers must be at most ", kMaxLayers));
  }
  ExampleShape shape = InputOfList(model, sequence);
  sizes.widest = shape.NumElements();
  for (int i = 0; i < model.layer_size(); ++i) {
    BATON_RETURN_IF_ERROR(
        ResolveLayer(absl::StrCat("model.layer[", i, "]"), false, *model.mutable_layer(i), shape, sizes));
  }
  const bool tokens = model.layer(0).has_embedding();
  if (shape.extents.size() != (tokens ? 2 : 1)) {
    return absl::InvalidArgumentError(absl::StrCat("model.layer: ends with ", shape.ToString(), "; it must end with ",
                                                   tokens ? "features for each token" : "one row of features"));
  }
  if (tokens && shape.width() != model.layer(0).embedding().vocabulary()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model.layer: ends with width ", shape.width(),
        ", but predicts tokens of model.layer[0].embedding.vocabulary: ", model.layer(0).embedding().vocabulary()));
  }
  if (shape.width() >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("model.layer: ends with width ", shape.width(),
                                                 ", the number of classes, which must be at least 2"));
}

}  // namespace baton
