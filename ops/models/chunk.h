// A range of a model's layers as one Layer: what a stage of the pipeline holds. Used by runtime/train.
#ifndef BATON_OPS_MODELS_CHUNK_H_
#define BATON_OPS_MODELS_CHUNK_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/sequence.h"
#include "ops/layers/spec.h"

namespace baton {

// model.layers[begin, end) for one micro-batch, one Layer each; `backend` must outlive them. Those before `begin` are
// made for their shapes and dropped, which costs no memory that grows with the model. Errors: InvalidArgument if the
// range is empty or out of the model, or as BuildLayer's.
absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend, const ModelSpec& model,
                                                                int64_t begin, int64_t end);

// The same as one Sequence.
absl::StatusOr<std::unique_ptr<Sequence>> BuildChunk(const Backend& backend, const ModelSpec& model, int64_t begin,
                                                     int64_t end);

}  // namespace baton

#endif  // BATON_OPS_MODELS_CHUNK_H_
