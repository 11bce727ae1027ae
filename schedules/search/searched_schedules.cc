// The table of searched schedules; see searched_schedules.h.
#include "schedules/search/searched_schedules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/suggest.h"

namespace baton {
namespace {

constexpr ScheduleInfo kSearched[] = {
    {"zb-auto", "searched for the given costs and memory, with a lower bound on the step of any order",
     "after Qi et al. 2024 (Zero Bubble), section 3; the bound after Carlier 1982; see docs/search.md",
     "any p, m, v; unequal chunks and links; memory limits, by default p micro-batches; placed as a loop or a V",
     "the smallest that it finds, with a lower bound; never above that of another schedule within the limit",
     "at most the limit",
     "Unequal stages, or memory between what published schedules need: at least as short as any of them that fits.", 1,
     true, false, nullptr},
};

}  // namespace

absl::Span<const ScheduleInfo> SearchedSchedules() { return kSearched; }

std::vector<const ScheduleInfo*> AllSchedules() {
  std::vector<const ScheduleInfo*> all;
  for (const ScheduleInfo& info : Catalog()) all.push_back(&info);
  for (const ScheduleInfo& info : kSearched) all.push_back(&info);
  return all;
}

absl::StatusOr<const ScheduleInfo*> FindAnySchedule(std::string_view name) {
  const std::vector<const ScheduleInfo*> all = AllSchedules();
  for (const ScheduleInfo* info : all) {
    if (info->name == name) return info;
  }
  std::vector<std::string> known;
  for (const ScheduleInfo* info : all) known.emplace_back(info->name);
  const std::string suggestion = DidYouMean(std::string(name), known);
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.schedule: \"", std::string(name), "\" is not a known schedule", suggestion,
                   suggestion.empty() ? "; known" : " Known", " are ", absl::StrJoin(known, ", ")));
}

}  // namespace baton
