// Turns listed layers into a ModelSpec. Each layer's inputs are the outputs of the layer before.
#include "ops/models/layer_list.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"

namespace baton {
namespace {

LinearSpec Linear(const std::string& name, int64_t inputs, int64_t outputs, bool bias) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.bias = bias;
  linear.initializer = {Initializer::Kind::kUniform, 1 / std::sqrt(static_cast<double>(inputs))};
  return linear;
}

// Returns the layers of one entry and sets `width`, the entry's inputs, to its outputs.
struct Converter {
  using Result = absl::StatusOr<std::vector<LayerSpec>>;
  const std::string field;  // of the job, for errors
  const std::string name;
  int64_t& width;

  Result operator()(const ListedLinear& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".outputs", listed.outputs));
    std::vector<LayerSpec> layers = {{Linear(name, width, listed.outputs, listed.bias)}};
    if (listed.activation.has_value()) layers.push_back({ActivationSpec{*listed.activation}});
    width = listed.outputs;
    return layers;
  }

  Result operator()(const ListedLayerNorm& listed) const {
    if (!(listed.epsilon > 0)) {
      return absl::InvalidArgumentError(absl::StrCat(field, ".epsilon: ", listed.epsilon, " is not positive"));
    }
    LayerNormSpec norm;
    norm.name = name;
    norm.width = width;
    norm.epsilon = listed.epsilon;
    return std::vector<LayerSpec>{{norm}};
  }

  Result operator()(const ListedActivation& listed) const {
    return std::vector<LayerSpec>{{ActivationSpec{listed.kind}}};
  }

  Result operator()(const ListedResidual& listed) const {
    const int64_t inputs = width;
    ResidualSpec residual;
    for (size_t i = 0; i < listed.layers.size(); ++i) {
      const Converter inner{absl::StrCat(field, ".residual.layer[", i, "]"), absl::StrCat(name, ".", i), width};
      BATON_ASSIGN_OR_RETURN(const std::vector<LayerSpec> layers, std::visit(inner, listed.layers[i]));
      residual.layers.insert(residual.layers.end(), layers.begin(), layers.end());
    }
    if (residual.layers.empty() || width != inputs) {
      return absl::InvalidArgumentError(absl::StrCat(field, ".residual: leads from width ", inputs, " to ", width,
                                                     " in ", listed.layers.size(),
                                                     " layers; it needs at least one layer and must keep the width"));
    }
    return std::vector<LayerSpec>{{residual}};
  }
};

}  // namespace

absl::StatusOr<ModelSpec> LayerListModel(const LayerListOptions& options, int64_t examples_per_micro_batch,
                                         int64_t examples_per_batch) {
  BATON_RETURN_IF_ERROR(CheckSize("model.inputs", options.inputs));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("examples", examples_per_micro_batch, examples_per_batch));
  if (options.layers.empty()) {
    return absl::InvalidArgumentError("model.layer: 0 entries; at least one is needed");
  }
  ModelSpec model;
  model.name = "layer_list";
  model.input_shape = Shape(DataType::kFloat32, {examples_per_micro_batch, options.inputs});
  model.targets_shape = Shape(DataType::kInt32, {examples_per_micro_batch});
  int64_t width = options.inputs;
  for (size_t i = 0; i < options.layers.size(); ++i) {
    const std::string name = absl::StrCat("layers.", i);
    const Converter converter{absl::StrCat("model.layer[", i, "]"), name, width};
    SequenceSpec layer;
    BATON_ASSIGN_OR_RETURN(layer.layers, std::visit(converter, options.layers[i]));
    if (i + 1 == options.layers.size()) layer.layers.push_back({CrossEntropySpec{width, examples_per_batch}});
    model.layer_names.push_back(name);
    model.layers.push_back({std::move(layer)});
  }
  return model;
}

}  // namespace baton
