// The table; see searched_schedules.h.
#include "schedules/search/searched_schedules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

constexpr ScheduleInfo kSearched[] = {
    {"zb-auto", "searched for these costs and this memory, with a bound on what any order could save",
     "after Qi et al. 2024 (Zero Bubble), section 3; the bound after Carlier 1982; see docs/search.md",
     "any p, m, v; unequal chunks and links; memory limits, by default p micro-batches; placed as a loop or a V",
     "as small as it finds, told with a lower bound; never above that of the others that keep the limit",
     "at most the limit",
     "Stages that are not equal, or memory between the published schedules': at least as short as any that fits.", 1,
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
  const std::string known =
      absl::StrJoin(all, ", ", [](std::string* out, const ScheduleInfo* info) { out->append(info->name); });
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.schedule: \"", std::string(name), "\" is not a known schedule; known are ", known));
}

}  // namespace baton
