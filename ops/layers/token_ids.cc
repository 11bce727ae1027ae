// Checks ids one by one.
#include "ops/layers/token_ids.h"

#include "absl/strings/str_cat.h"

namespace baton {

absl::Status CheckIds(const char* what, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= limit) {
      return absl::InvalidArgumentError(absl::StrCat(what, "[", i, "]: ", ids[i], " is not in [0, ", limit, ")"));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
