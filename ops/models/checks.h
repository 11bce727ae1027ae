// Checks of a user's numbers that all models share. Used only by the .cc files of ops/models and its subfolders.
#ifndef BATON_OPS_MODELS_CHECKS_H_
#define BATON_OPS_MODELS_CHECKS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace baton {

inline constexpr int64_t kLargestSize = int64_t{1} << 20;
inline constexpr int64_t kLargestVocabulary = int64_t{1} << 24;

// Errors: InvalidArgument that names the field if `value` is not in [1, most]. ops/layers/layer_info.h checks the sizes
// of whole tensors.
absl::Status CheckSize(const std::string& field, int64_t value, int64_t most = kLargestSize);

// Checks that a batch can be cut into micro-batches. `unit`: "sequences" or "examples". Errors: InvalidArgument if
// either number is not in [1, 2²⁰] or the first does not divide the second.
absl::Status CheckMicroBatch(const std::string& unit, int64_t per_micro_batch, int64_t per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_CHECKS_H_
