// A classifier whose layers are given one by one. Used by whoever turns a job into a model, and by mlp.
#ifndef BATON_OPS_MODELS_LAYER_LIST_H_
#define BATON_OPS_MODELS_LAYER_LIST_H_

#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

// Parameters NAME.weight and NAME.bias, where NAME is `layers.I`, the layer's place in the list.
struct ListedLinear {
  int64_t outputs = 0;
  std::optional<ActivationKind> activation;
  bool bias = true;
};

struct ListedLayerNorm {
  double epsilon = 1e-5;
};

struct ListedActivation {
  ActivationKind kind = ActivationKind::kRelu;
};

using ListedPlain = std::variant<ListedLinear, ListedLayerNorm, ListedActivation>;

// x + layers(x); the layers, named `layers.I.J`, end at the width that they begin with.
struct ListedResidual {
  std::vector<ListedPlain> layers;
};

using ListedLayer = std::variant<ListedLinear, ListedLayerNorm, ListedActivation, ListedResidual>;

struct LayerListOptions {
  int64_t inputs = 0;  // features of an example
  std::vector<ListedLayer> layers;
};

// Each entry is a layer of the split; the softmax cross-entropy over the last one's outputs belongs to it. Input:
// [examples_per_micro_batch, inputs] f32; targets: [examples_per_micro_batch] i32; the loss is the mean over a batch.
// Weights start uniform in ±1/√inputs of their layer, biases at zero.
// Errors: InvalidArgument naming the field, as `model.layer[2].outputs: 0 is not in [1, 1048576]`.
absl::StatusOr<ModelSpec> LayerListModel(const LayerListOptions& options, int64_t examples_per_micro_batch,
                                         int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_LAYER_LIST_H_
