// The improving part of the search: local moves on a word that the constructive part made. Used by search.cc until its
// budget is spent.
#ifndef BATON_SCHEDULES_SEARCH_IMPROVE_H_
#define BATON_SCHEDULES_SEARCH_IMPROVE_H_

#include <cstdint>
#include <vector>

#include "schedules/search/move_random.h"
#include "schedules/search/search_problem.h"
#include "schedules/search/timing.h"

namespace baton {

// A move shifts one pass of the critical path within its device's word, or swaps it with another one. No other move can
// shorten the word. The new word is kept if it is at most a little longer than the best so far. After many moves
// without a better word the search restarts at the best one. Source: Dueck 1993 (record-to-record travel).
//
// Thread contract: one thread. `problem` must outlive it. The n-th move depends on the start, the seed and n alone.
class Improver {
 public:
  // `start` must be within the limits and able to run.
  Improver(const SearchProblem& problem, const Word& start, uint64_t seed);

  void Move();

  const Word& best() const { return best_; }
  Nanos best_ns() const { return best_ns_; }
  int64_t num_moves() const { return num_moves_; }

 private:
  void Settle(Nanos objective);
  void FindCriticalPath();
  bool IsSound(int device);
  void Rotate(int from, int to);

  const SearchProblem& problem_;
  const int64_t patience_;
  std::vector<Nanos> slack_ns_;
  MoveRandom random_;
  Timing timing_;
  Word word_;
  Nanos word_ns_ = 0;
  Word best_;
  Nanos best_ns_ = 0;
  int64_t num_moves_ = 0;
  int64_t last_better_ = 0;  // the move that found best_, or restarted at it
  int64_t num_restarts_ = 0;
  std::vector<Nanos> starts_;         // [position of word_]
  std::vector<int32_t> nth_;          // [position]: the micro-batch of its pass
  std::vector<int32_t> position_of_;  // [pass × micro-batches + n]
  std::vector<int32_t> critical_;     // positions on the critical path, the last one first
  std::vector<int32_t> count_;        // [pass], scratch
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_IMPROVE_H_
