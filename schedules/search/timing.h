// The times of a word's passes if each starts as soon as its device is free and its input has arrived. They are the
// same as those of simulating the order's program. Used by every part of the search.
#ifndef BATON_SCHEDULES_SEARCH_TIMING_H_
#define BATON_SCHEDULES_SEARCH_TIMING_H_

#include <optional>
#include <vector>

#include "schedules/costs/shared_cores.h"
#include "schedules/search/search_problem.h"

namespace baton {

// The objective of a word that cannot run to its end.
inline constexpr Nanos kNever = INT64_MAX;

// Thread contract: one thread. `problem` must outlive it. Only the constructor allocates.
class Timing {
 public:
  explicit Timing(const SearchProblem& problem);

  // Returns the objective, or kNever if passes wait for each other in a cycle. Linear in the number of passes; if
  // devices share cores, each pass also looks at all devices.
  Nanos Time(const Word& word);

  // The same; also fills starts().
  Nanos TimeWithStarts(const Word& word);
  // [position of the word] The start of each pass, from the last TimeWithStarts.
  const std::vector<Nanos>& starts() const { return starts_; }
  // The end of the pass at a position of `word`, which is that of the last TimeWithStarts.
  Nanos PassEnd(const Word& word, int32_t position) const {
    return cores_ ? pass_ends_[position] : starts_[position] + problem_.duration[word[position]];
  }
  // [device] When it is done, its tail included, from the last call of either.
  Nanos EndOf(int device) const { return now_[device] + (cores_ ? 0 : problem_.tail_ns[device]); }

 private:
  template <bool keeps_starts>
  Nanos Run(const Word& word);
  Nanos RunOnSharedCores(const Word& word);
  bool StartNext(int device, const Word& word);

  const SearchProblem& problem_;
  // [pass × micro-batches + n]: when the n-th result is where it is read.
  std::vector<Nanos> arrival_;
  std::vector<int32_t> count_;   // [pass]: how many have run
  std::vector<int32_t> cursor_;  // [device]: the next position of the word
  std::vector<Nanos> now_;
  std::vector<int32_t> runnable_;
  std::vector<uint8_t> is_runnable_;
  std::vector<Nanos> starts_;
  // [pass]: the pass of another chunk that it reads, and the one that reads it; -1: none.
  std::vector<int32_t> source_;
  std::vector<int32_t> reader_;
  std::vector<Nanos> latency_;  // [pass] from its end to its arrival at the reader
  // If devices share cores.
  std::optional<CoreTurns> cores_;
  std::vector<Nanos> pass_ends_;       // [position of the word]
  std::vector<uint8_t> is_computing_;  // [device]
};

// Whether live activations stay within the limit of each device. Linear in the number of passes.
bool IsWithinLimits(const SearchProblem& problem, const Word& word);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_TIMING_H_
