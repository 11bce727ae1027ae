// The error messages for a model's numbers.
#include "ops/models/checks.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

absl::Status CheckSize(const std::string& field, int64_t value, int64_t most) {
  if (value >= 1 && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not in [1, ", most, "]"));
}

absl::Status CheckMicroBatch(const std::string& unit, int64_t per_micro_batch, int64_t per_batch) {
  BATON_RETURN_IF_ERROR(CheckSize(absl::StrCat(unit, "_per_micro_batch"), per_micro_batch));
  BATON_RETURN_IF_ERROR(CheckSize(absl::StrCat(unit, "_per_batch"), per_batch));
  if (per_batch % per_micro_batch == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(unit, "_per_micro_batch: ", per_micro_batch, " does not divide ", unit, "_per_batch: ", per_batch));
}

}  // namespace baton
