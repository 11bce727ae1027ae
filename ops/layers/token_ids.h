// Checks the ids of tokens and classes. Used by the embeddings and losses of backends that can read their input.
#ifndef BATON_OPS_LAYERS_TOKEN_IDS_H_
#define BATON_OPS_LAYERS_TOKEN_IDS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace baton {

// A row with this target adds nothing to the loss, and its gradient is zero. PyTorch's default of ignore_index.
inline constexpr int32_t kIgnoredTarget = -100;

// ids: [count]. `what`: "tokens" or "targets". Errors: InvalidArgument that names the first id outside [0, limit).
absl::Status CheckIds(const char* what, const int32_t* ids, int64_t count, int64_t limit);
// The same for targets: [count], which may be kIgnoredTarget.
absl::Status CheckTargets(const int32_t* targets, int64_t count, int64_t classes);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_TOKEN_IDS_H_
