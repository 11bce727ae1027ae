// Makes Layers from their descriptions. Used by runtime/planning for the table of costs and by runtime/train for its
// stages.
//
//   BATON_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Layer>> layers,
//                          BuildLayers(backend, model.layers, model.input_shape));
#ifndef BATON_OPS_LAYERS_BUILD_H_
#define BATON_OPS_LAYERS_BUILD_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Makes the layer for one micro-batch of shape `input`. `backend` must outlive it. LayerSpec::recompute has no effect
// in layers inside one that is recomputed as a whole. Errors: InvalidArgument if a shape does not fit, a list of layers
// is empty, or a cross-entropy is not the last layer.
absl::StatusOr<std::unique_ptr<Layer>> BuildLayer(const Backend& backend, const LayerSpec& spec, const Shape& input);

// Makes a layer for each of `specs`: the first for `input`, each other for the output of the layer before. Errors:
// BuildLayer's.
absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend,
                                                                const std::vector<LayerSpec>& specs,
                                                                const Shape& input);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_BUILD_H_
