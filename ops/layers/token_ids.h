// The one check of what data may hold: ids below a limit. Used by embeddings and losses of backends that can look.
#ifndef BATON_OPS_LAYERS_TOKEN_IDS_H_
#define BATON_OPS_LAYERS_TOKEN_IDS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace baton {

// Errors: InvalidArgument naming the first of ids: [count] i32 that is not in [0, limit). `what` is "tokens" or
// "targets".
absl::Status CheckIds(const char* what, const int32_t* ids, int64_t count, int64_t limit);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_TOKEN_IDS_H_
