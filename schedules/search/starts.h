// The words that a search begins with: those of list scheduling, of squeezed patterns and of the catalog, and what can
// be derived from them. Used by search.cc.
#ifndef BATON_SCHEDULES_SEARCH_STARTS_H_
#define BATON_SCHEDULES_SEARCH_STARTS_H_

#include <array>
#include <cstdint>
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

// The best word of list scheduling, the best of patterns and catalog, and the best that was derived from either. Moves
// from one seldom lead to what moves from another find. An objective of kNever: there is none.
struct Starts {
  Start lists;
  Start others;
  Start derived;

  // From the shortest to the longest.
  std::array<const Start*, 3> Ranked() const;
  const Start& best() const { return *Ranked().front(); }
};

// A start that is longer than the best by more than this factor is not worth moves: others do not catch up.
inline constexpr double kMostBehind = 1.04;

// All words are within the limits.
Starts FindStarts(const PreparedSearch& prepared, const CostModel& costs, const SearchOptions& options);

// Fills in `derived`: words whose devices run later passes where they would wait (pull_forward.h), and words that
// repeat what the others do in the middle of the step (repeated_word.h). Time: that of some thousand moves at most.
void DeriveStarts(const SearchProblem& problem, uint64_t seed, Starts& starts);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_STARTS_H_
