// A multi-layer perceptron that classifies. Used by runtime/planning to make a job's model.
#ifndef BATON_OPS_MODELS_MLP_MLP_H_
#define BATON_OPS_MODELS_MLP_MLP_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

struct MlpOptions {
  // The sizes of the input, of each hidden layer and of the classes, such as [784, 512, 256, 10]. At least two, each in
  // [1, 2²⁰].
  std::vector<int64_t> sizes;
  std::optional<ActivationKind> activation = ActivationKind::kRelu;  // between the linear layers
};

// The model has one layer for each linear layer with its activation; the last has the cross-entropy. Shapes, names and
// initial values: LayerListModel's. Errors: InvalidArgument that names the field, such as `model.mlp.sizes[1]: 0 is not
// in [1, 1048576]`.
absl::StatusOr<ModelSpec> MlpModel(const MlpOptions& options, int64_t examples_per_micro_batch,
                                   int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_MLP_MLP_H_
