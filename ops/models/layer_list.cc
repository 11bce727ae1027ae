// Turns listed layers into a ModelSpec. Each layer's inputs are the outputs of the layer before.
#include "ops/models/layer_list.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/listed_layers.h"

namespace baton {
namespace {

absl::StatusOr<std::vector<LayerSpec>> ConvertAll(const std::string& field, const std::string& name,
                                                  const std::vector<ListedPlain>& listed, ListedShape& shape) {
  std::vector<LayerSpec> all;
  for (size_t i = 0; i < listed.size(); ++i) {
    BATON_ASSIGN_OR_RETURN(const std::vector<LayerSpec> layers,
                           ConvertListed(absl::StrCat(field, "[", i, "]"), absl::StrCat(name, i), listed[i], shape));
    all.insert(all.end(), layers.begin(), layers.end());
  }
  return all;
}

absl::StatusOr<std::vector<LayerSpec>> ConvertResidual(const std::string& field, const std::string& name,
                                                       const ListedResidual& listed, ListedShape& shape) {
  ListedShape branch = shape;
  const ListedShape before = shape;
  ResidualSpec residual;
  BATON_ASSIGN_OR_RETURN(residual.layers, ConvertAll(field + ".residual.layer", name + ".", listed.layers, shape));
  BATON_ASSIGN_OR_RETURN(residual.shortcut,
                         ConvertAll(field + ".residual.shortcut", name + ".shortcut.", listed.shortcut, branch));
  if (residual.layers.empty() || !(shape == branch)) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ".residual: leads from ", before.ToString(), " to ", shape.ToString(), " in ", listed.layers.size(),
        " layers; it needs at least one layer and must end as its shortcut, ", branch.ToString()));
  }
  return std::vector<LayerSpec>{{residual}};
}

absl::StatusOr<ListedShape> InputOf(const LayerListOptions& options) {
  if (options.context > 0) return ListedShape{{options.context}, /*tokens=*/true};
  if (options.image.empty()) {
    BATON_RETURN_IF_ERROR(CheckSize("model.inputs", options.inputs));
    return ListedShape{{options.inputs}};
  }
  if (options.image.size() != 3) return absl::InvalidArgumentError("model.image: needs channels, height and width");
  for (const int64_t extent : options.image) BATON_RETURN_IF_ERROR(CheckSize("model.image", extent));
  return ListedShape{options.image};
}

Shape OfMicroBatch(DataType type, int64_t examples, const std::vector<int64_t>& example) {
  std::vector<int64_t> extents = {examples};
  extents.insert(extents.end(), example.begin(), example.end());
  return Shape(type, std::move(extents));
}

}  // namespace

absl::StatusOr<ModelSpec> LayerListModel(const LayerListOptions& options, int64_t examples_per_micro_batch,
                                         int64_t examples_per_batch) {
  BATON_ASSIGN_OR_RETURN(ListedShape shape, InputOf(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("examples", examples_per_micro_batch, examples_per_batch));
  if (options.layers.empty()) {
    return absl::InvalidArgumentError("model.layer: 0 entries; at least one is needed");
  }
  ModelSpec model;
  model.name = "layer_list";
  model.input_shape =
      OfMicroBatch(shape.tokens ? DataType::kInt32 : DataType::kFloat32, examples_per_micro_batch, shape.extents);
  for (size_t i = 0; i < options.layers.size(); ++i) {
    const std::string name = absl::StrCat("layers.", i), field = absl::StrCat("model.layer[", i, "]");
    SequenceSpec layer;
    if (const auto* residual = std::get_if<ListedResidual>(&options.layers[i])) {
      BATON_ASSIGN_OR_RETURN(layer.layers, ConvertResidual(field, name, *residual, shape));
    } else {
      BATON_ASSIGN_OR_RETURN(layer.layers, ConvertListed(field, name, std::get<ListedPlain>(options.layers[i]), shape));
    }
    model.layer_names.push_back(name);
    model.layers.push_back({std::move(layer)});
  }
  // A target for each row of the output.
  const int64_t classes = shape.extents.back();
  shape.extents.pop_back();
  if (shape.extents.size() > (options.context > 0 ? 1 : 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.layer: ends with ", shape.ToString(), " x ", classes,
                     " features; it must end with one row of features, as behind global_average"));
  }
  model.targets_shape = OfMicroBatch(DataType::kInt32, examples_per_micro_batch, shape.extents);
  const int64_t rows = shape.extents.empty() ? 1 : shape.extents[0];
  std::get<SequenceSpec>(model.layers.back().kind)
      .layers.push_back({CrossEntropySpec{classes, examples_per_batch * rows}});
  return model;
}

}  // namespace baton
