// When the passes of a word run, if each starts as soon as its device and what it reads are there: the same times as
// simulating the order's program. Used by every part of the search; allocates nothing once it is made.
#ifndef BATON_SCHEDULES_SEARCH_TIMING_H_
#define BATON_SCHEDULES_SEARCH_TIMING_H_

#include <vector>

#include "schedules/search/search_problem.h"

namespace baton {

// What Timing::Time says of a word that cannot run to its end.
inline constexpr Nanos kNever = INT64_MAX;

// Thread contract: one thread. `problem` must outlive it.
class Timing {
 public:
  explicit Timing(const SearchProblem& problem);

  // The objective, or kNever if the word waits in a circle. Linear.
  Nanos Time(const Word& word);

  // Of the last word: [position of the word], when each pass started, if it was asked for.
  const std::vector<Nanos>& starts() const { return starts_; }
  Nanos TimeWithStarts(const Word& word);
  // [device] The end of its last pass.
  const std::vector<Nanos>& ends() const { return now_; }

 private:
  template <bool keeps_starts>
  Nanos Run(const Word& word);

  const SearchProblem& problem_;
  // [pass of chunk × micro-batches + n]: when the n-th result is there for whom reads it.
  std::vector<Nanos> arrival_;
  std::vector<int32_t> count_;   // [pass]: how many have run
  std::vector<int32_t> cursor_;  // [device]: the next position of the word
  std::vector<Nanos> now_;
  std::vector<int32_t> runnable_;
  std::vector<uint8_t> is_runnable_;
  std::vector<Nanos> starts_;
  // [pass]: what it reads, -1 if nothing of another pass on another chunk; and who reads it.
  std::vector<int32_t> source_;
  std::vector<int32_t> reader_;
  std::vector<Nanos> latency_;  // [pass] from its end to its reader
};

// The largest use of memory on each device is within its limit. Linear.
bool IsWithinLimits(const SearchProblem& problem, const Word& word);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_TIMING_H_
