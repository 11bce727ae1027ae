// Branch and bound: the shortest word of a small problem, with a proof, or as high a bound as the budget allows. Used
// by search.cc behind the moves, if the options ask for it.
#ifndef BATON_SCHEDULES_SEARCH_EXACT_H_
#define BATON_SCHEDULES_SEARCH_EXACT_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "schedules/search/exact_bound.h"
#include "schedules/search/exact_memo.h"
#include "schedules/search/exact_state.h"
#include "schedules/search/search_problem.h"

namespace baton {

// The most passes of a problem, and chunks of a device, that Exact takes.
inline constexpr int32_t kMostExactPasses = 3000;
inline constexpr int kMostExactChunks = 64;

// Goes through time. Of the passes that could start next it takes the one that would end first, and tries as its
// device's next pass each one that could start before that end: any other choice leaves a gap into which the pass fits.
// A forward may better leave its gap if the device has several chunks and memory could then be missing; so both is
// tried, the forward and everything else. A node is dropped if the bound of its state (exact_bound.h) is above the
// target, or if an earlier node was at least as good (exact_memo.h).
//
// Source of the branching: Giffler and Thompson 1960.
//
// Thread contract: one thread. `problem` must outlive it, and have limits that CheckFeasible accepts and no shared
// cores.
class Exact {
 public:
  explicit Exact(const SearchProblem& problem);

  enum class Outcome { kProven, kStopped };

  // Visits nodes until every word with an objective of at most `target` is excluded or found (kProven), or may_go_on()
  // returns false (kStopped). It is called at each node. Each word that is found lowers the target below its objective.
  Outcome Run(Nanos target, const std::function<bool()>& may_go_on);

  // The shortest word that any Run has found; empty if none has.
  const Word& best() const { return best_; }
  Nanos best_ns() const { return best_ns_; }

 private:
  struct Choice {
    int32_t pass;
    bool is_blocked;  // the forward is blocked instead of run
  };

  // False if the search must stop. `is_new`: passes have run since the last node, which is remembered and would
  // otherwise dominate this one.
  bool Visit(bool is_new);
  std::vector<Choice> ChoicesOf() const;

  const SearchProblem& problem_;
  ExactState state_;
  ExactBound bound_;
  ExactMemo memo_;
  Nanos target_ = 0;
  const std::function<bool()>* may_go_on_ = nullptr;
  Word best_;
  Nanos best_ns_ = kNever;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_EXACT_H_
