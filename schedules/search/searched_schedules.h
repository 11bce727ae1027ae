// Schedules that are not published but searched for, as rows like those of the catalog: a name, what it is, what it
// takes. They stand beside the catalog since order knows no search. Used by compile and the tools.
#ifndef BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_
#define BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/catalog/catalog.h"

namespace baton {

// Their `make` is null: Search makes their orders.
absl::Span<const ScheduleInfo> SearchedSchedules();

// The catalog, then the searched ones.
std::vector<const ScheduleInfo*> AllSchedules();

inline bool IsSearched(const ScheduleInfo& info) { return info.make == nullptr; }

// Of the catalog or searched. Errors: InvalidArgument with all names if there is none of that name.
absl::StatusOr<const ScheduleInfo*> FindAnySchedule(std::string_view name);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCHED_SCHEDULES_H_
