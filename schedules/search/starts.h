// The words that a search begins with: those of list scheduling, of squeezed patterns and of the catalog. Used by
// search.cc.
#ifndef BATON_SCHEDULES_SEARCH_STARTS_H_
#define BATON_SCHEDULES_SEARCH_STARTS_H_

#include <string>
#include <string_view>

#include "schedules/costs/costs.h"
#include "schedules/search/search.h"
#include "schedules/search/search_problem.h"
#include "schedules/search/timing.h"

namespace baton {

// The best word so far and its origin.
struct Start {
  Word word;
  Nanos objective_ns = kNever;
  std::string name;

  void Offer(const Word& other, Nanos other_ns, std::string_view other_name) {
    if (other_ns >= objective_ns) return;
    word = other;
    objective_ns = other_ns;
    name = std::string(other_name);
  }
};

// The best word of list scheduling, and the best of everything else. Moves from one seldom lead to what moves from the
// other find. An objective of kNever: there is none.
struct Starts {
  Start lists;
  Start others;

  const Start& best() const { return others.objective_ns < lists.objective_ns ? others : lists; }
  const Start& other() const { return &best() == &lists ? others : lists; }
};

// A start that is longer than the best by more than this factor is not worth moves: others do not catch up.
inline constexpr double kMostBehind = 1.04;

// All words are within the limits.
Starts FindStarts(const PreparedSearch& prepared, const CostModel& costs, const SearchOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_STARTS_H_
