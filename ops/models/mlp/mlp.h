// A multi-layer perceptron that classifies. Used by whoever turns a job into a model.
#ifndef BATON_OPS_MODELS_MLP_MLP_H_
#define BATON_OPS_MODELS_MLP_MLP_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

struct MlpOptions {
  std::vector<int64_t> sizes;  // of the input, each hidden layer, and the classes: at least two, as [784, 512, 256, 10]
  ActivationKind activation = ActivationKind::kRelu;  // between the linear layers
};

// One layer of the split for each linear with its activation; the last has the cross-entropy. Shapes, names and first
// values as LayerListModel's. Errors: InvalidArgument naming the field, as `model.mlp.sizes[1]: 0 is not in …`.
absl::StatusOr<ModelSpec> MlpModel(const MlpOptions& options, int64_t examples_per_micro_batch,
                                   int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_MLP_MLP_H_
