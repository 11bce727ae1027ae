// States that branch and bound has left behind, to drop those that are no better than one of them. Used by exact.cc.
#ifndef BATON_SCHEDULES_SEARCH_EXACT_MEMO_H_
#define BATON_SCHEDULES_SEARCH_EXACT_MEMO_H_

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "schedules/search/exact_state.h"
#include "schedules/search/search_problem.h"

namespace baton {

// Thread contract: one thread. `problem` must outlive it.
class ExactMemo {
 public:
  // Stops remembering at about `most_bytes`.
  ExactMemo(const SearchProblem& problem, size_t most_bytes) : problem_(problem), most_bytes_(most_bytes) {}

  // Whether a remembered state has the same passes behind it, is at least as far everywhere and forbids no more; if
  // not, remembers this one. `first_starts`: ExactBound::first_starts of the state.
  bool IsDominated(const ExactState& state, const std::vector<Nanos>& first_starts);
  void Clear();

 private:
  struct Seen {
    std::vector<Nanos> times;
    std::vector<uint64_t> blocked;
  };

  const SearchProblem& problem_;
  const size_t most_bytes_;
  size_t bytes_ = 0;
  std::unordered_map<std::string, std::vector<Seen>> seen_;
  std::string key_;
  std::vector<Nanos> times_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_EXACT_MEMO_H_
