// From descriptions to Layers that run on a backend. Used by runtime/train for the table of costs and for its stages.
#ifndef BATON_OPS_LAYERS_BUILD_H_
#define BATON_OPS_LAYERS_BUILD_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// The layer for one micro-batch of `input`'s shape; `backend` must outlive it. Errors: InvalidArgument if a shape does
// not fit, a list of layers is empty, or a cross-entropy is not the last. LayerSpec::recompute of a layer within one
// that is recomputed as a whole has no effect.
absl::StatusOr<std::unique_ptr<Layer>> BuildLayer(const Backend& backend, const LayerSpec& spec, const Shape& input);

// One layer for each of `specs`, the first for `input`, each next one for the output of the one before. Errors: as
// BuildLayer's.
absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend,
                                                                const std::vector<LayerSpec>& specs,
                                                                const Shape& input);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_BUILD_H_
