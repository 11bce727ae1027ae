// The known name that a misspelled one probably means. Used in messages about unknown fields, schedules, commands and
// flags.
#ifndef BATON_BASE_SUGGEST_H_
#define BATON_BASE_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace baton {

// The member of `known` that is spelled almost like `name`, or that begins with it; empty if there is none.
std::string NearestName(absl::string_view name, const std::vector<std::string>& known);

// `; did you mean "NAME"?`, or empty if no member of `known` is near.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& known);

}  // namespace baton

#endif  // BATON_BASE_SUGGEST_H_
