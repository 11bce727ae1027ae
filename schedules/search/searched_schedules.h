// The schedules that are searched for, as rows like those of the catalog. They have a table of their own because the
// catalog must not depend on the search. Used by compile and the tools.
#ifndef BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_
#define BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/catalog/catalog.h"

namespace baton {

// The rows. Their `make` is null: Search (search.h) makes their orders.
absl::Span<const ScheduleInfo> SearchedSchedules();

// The rows of the catalog, then the searched ones.
std::vector<const ScheduleInfo*> AllSchedules();

inline bool IsSearched(const ScheduleInfo& info) { return info.make == nullptr; }

// Finds a row of either table. Errors: InvalidArgument with all names if `name` is unknown.
absl::StatusOr<const ScheduleInfo*> FindAnySchedule(std::string_view name);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_
