// The checks that all models make of a user's numbers. Used by the .cc files of ops/models alone.
#ifndef BATON_OPS_MODELS_CHECKS_H_
#define BATON_OPS_MODELS_CHECKS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace baton {

// Errors: InvalidArgument naming the field if `value` is not in [1, 2²⁰]. That of whole tensors is checked where layers
// are made (ops/layers/layer_info.h).
absl::Status CheckSize(const std::string& field, int64_t value);

// What a batch is cut into. Errors: InvalidArgument if either is not a size or the first does not divide the second.
absl::Status CheckMicroBatch(const std::string& unit, int64_t per_micro_batch, int64_t per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_CHECKS_H_
