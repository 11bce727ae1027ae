// Turns an MLP's sizes into a list of layers.
#include "ops/models/mlp/mlp.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"
#include "ops/models/layer_list.h"

namespace baton {

absl::StatusOr<ModelSpec> MlpModel(const MlpOptions& options, int64_t examples_per_micro_batch,
                                   int64_t examples_per_batch) {
  if (options.sizes.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("model.mlp.sizes: ", options.sizes.size(),
                                                   " entries; at least the input and the classes are needed"));
  }
  for (size_t i = 0; i < options.sizes.size(); ++i) {
    BATON_RETURN_IF_ERROR(CheckSize(absl::StrCat("model.mlp.sizes[", i, "]"), options.sizes[i]));
  }
  LayerListOptions list;
  list.inputs = options.sizes.front();
  for (size_t i = 1; i < options.sizes.size(); ++i) {
    ListedLinear linear;
    linear.outputs = options.sizes[i];
    if (i + 1 < options.sizes.size()) linear.activation = options.activation;
    list.layers.push_back(linear);
  }
  BATON_ASSIGN_OR_RETURN(ModelSpec model, LayerListModel(list, examples_per_micro_batch, examples_per_batch));
  model.name = "mlp";
  return model;
}

}  // namespace baton
