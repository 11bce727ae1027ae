// The improving part of the search: local moves on a word, from a start that the constructive part made. Used by
// search.cc as long as its budget lasts.
#ifndef BATON_SCHEDULES_SEARCH_IMPROVE_H_
#define BATON_SCHEDULES_SEARCH_IMPROVE_H_

#include <cstdint>
#include <vector>

#include "schedules/search/search_problem.h"
#include "schedules/search/timing.h"

namespace baton {

// Record-to-record travel (Dueck 1993): a move takes a pass of the critical path to another place of its device's word
// and is kept if the word then is not much longer than the best so far. Only such moves can shorten a word: what is
// not on its critical path does not make it long. After many moves without a better word it begins again at the best.
//
// Thread contract: one thread. `problem` must outlive it. The n-th move depends on the start, the seed and n alone.
class Improver {
 public:
  // Expects a word within the limits that can run.
  Improver(const SearchProblem& problem, const Word& start, uint64_t seed);

  void Move();

  const Word& best() const { return best_; }
  Nanos best_ns() const { return best_ns_; }
  int64_t num_moves() const { return num_moves_; }

 private:
  void Settle(Nanos objective);
  void FindCriticalPath();
  bool IsSound(int device);
  uint32_t Random(uint32_t below);
  void Rotate(int from, int to);

  const SearchProblem& problem_;
  const uint64_t seed_;
  const int64_t patience_;
  std::vector<Nanos> slack_ns_;
  Timing timing_;
  Word word_;
  Nanos word_ns_ = 0;
  Word best_;
  Nanos best_ns_ = 0;
  int64_t num_moves_ = 0;
  int64_t last_better_ = 0;  // the move that found best_, or began again at it
  int64_t num_restarts_ = 0;
  uint32_t num_drawn_ = 0;         // random numbers of this move
  std::vector<Nanos> starts_;      // of word_, by position
  std::vector<int32_t> nth_;       // [position]: which of its pass it is
  std::vector<int32_t> place_;     // [pass × micro-batches + n]: position
  std::vector<int32_t> critical_;  // positions, from the last
  std::vector<int32_t> count_;     // [pass], scratch
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_IMPROVE_H_
