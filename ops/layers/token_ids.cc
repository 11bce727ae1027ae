// Checks ids one by one.
#include "ops/layers/token_ids.h"

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

absl::Status NotIn(const char* what, int64_t index, int32_t id, int64_t limit) {
  return absl::InvalidArgumentError(absl::StrCat(what, "[", index, "]: ", id, " is not in [0, ", limit, ")"));
}

}  // namespace

absl::Status CheckIds(const char* what, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= limit) return NotIn(what, i, ids[i], limit);
  }
  return absl::OkStatus();
}

absl::Status CheckTargets(const int32_t* targets, int64_t count, int64_t classes) {
  for (int64_t i = 0; i < count; ++i) {
    if (targets[i] == kIgnoredTarget) continue;
    if (targets[i] < 0 || targets[i] >= classes) return NotIn("targets", i, targets[i], classes);
  }
  return absl::OkStatus();
}

}  // namespace baton
