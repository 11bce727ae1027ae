// Checks of single numbers, with one wording for all of them. Used by the resolve_*.cc files.
#ifndef BATON_RUNTIME_JOB_LIMITS_H_
#define BATON_RUNTIME_JOB_LIMITS_H_

#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace baton {

// OK if least <= value <= most, else `field: value must be at least least`, or at most most.
inline absl::Status CheckRange(absl::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value < least) return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at least ", least));
  if (value > most) return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at most ", most));
  return absl::OkStatus();
}

// OK if least <= value <= most, which neither NaN nor infinity satisfies.
inline absl::Status CheckReal(absl::string_view field, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be from ", least, " to ", most));
}

// OK if 0 < value <= most.
inline absl::Status CheckPositive(absl::string_view field, double value, double most) {
  if (value > 0 && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be above 0 and at most ", most));
}

// OK if 0 <= value < 1.
inline absl::Status CheckFraction(absl::string_view field, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at least 0 and below 1"));
}

// `field is missing: why`.
inline absl::Status Missing(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is missing: ", why));
}

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_LIMITS_H_
