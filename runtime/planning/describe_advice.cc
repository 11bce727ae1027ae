// Advice on memory as one sentence.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "runtime/planning/memory_advice.h"

namespace baton {

std::string DescribeAdvice(const MemoryAdvice& advice) {
  if (advice.too_large) return "the job is too large to try alternatives";
  if (!advice.step_time.has_value()) return "";
  if (advice.fitting.empty()) {
    std::string least;
    if (advice.leanest.has_value()) {
      least = absl::StrCat("; the least is ", FormatBytes(advice.leanest->bytes), " by ", advice.leanest->overrides);
    }
    return absl::StrCat("nothing tried fits, neither other schedules nor recomputation, splits or micro-batches", least,
                        ": more stages or a smaller model would help");
  }
  std::vector<std::string> shown;
  for (const MemorySuggestion& each : advice.fitting) {
    const double ratio =
        static_cast<double>(each.step_time) / static_cast<double>(std::max<Nanos>(1, *advice.step_time));
    shown.push_back(
        absl::StrFormat("%s (%s, step %+.0f %%)", each.overrides, FormatBytes(each.bytes), 100 * (ratio - 1)));
  }
  return absl::StrCat("these fit: ", absl::StrJoin(shown, "; "));
}

}  // namespace baton
