// A classifier from a list of layers. Used by runtime/planning to make a job's model, and by mlp.
#ifndef BATON_OPS_MODELS_LAYER_LIST_H_
#define BATON_OPS_MODELS_LAYER_LIST_H_

#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

// Parameters NAME.weight and NAME.bias, where NAME is `layers.I` for the list's I-th layer, counted from 0.
struct ListedLinear {
  int64_t outputs = 0;  // in [1, 2²⁰]
  std::optional<ActivationKind> activation;
  bool bias = true;
};

struct ListedLayerNorm {
  double epsilon = 1e-5;  // above 0
};

struct ListedActivation {
  ActivationKind kind = ActivationKind::kRelu;
};

using ListedPlain = std::variant<ListedLinear, ListedLayerNorm, ListedActivation>;

// x + layers(x). The layers are named `layers.I.J` and end at the width that they begin with.
struct ListedResidual {
  std::vector<ListedPlain> layers;
};

using ListedLayer = std::variant<ListedLinear, ListedLayerNorm, ListedActivation, ListedResidual>;

struct LayerListOptions {
  int64_t inputs = 0;  // features of an example, in [1, 2²⁰]
  std::vector<ListedLayer> layers;
};

// Each entry is a layer of the model; the last one also has the softmax cross-entropy over its outputs.
// Input: [examples_per_micro_batch, inputs] f32; targets: [examples_per_micro_batch] i32. The loss is the mean over a
// batch. Initial values of a weight are uniform in ±1/√inputs of its layer, those of a bias zero.
// Errors: InvalidArgument that names the field, such as `model.layer[2].outputs: 0 is not in [1, 1048576]`.
absl::StatusOr<ModelSpec> LayerListModel(const LayerListOptions& options, int64_t examples_per_micro_batch,
                                         int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_LAYER_LIST_H_
