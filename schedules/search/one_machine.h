// One device by itself: when it can be done with passes that each have an earliest start. Used by the lower bound.
#ifndef BATON_SCHEDULES_SEARCH_ONE_MACHINE_H_
#define BATON_SCHEDULES_SEARCH_ONE_MACHINE_H_

#include <cstdint>
#include <vector>

#include "schedules/search/search_problem.h"

namespace baton {

// Earlier than every head, which is at least 0, and every tail, which may be negative.
inline constexpr Nanos kLongAgo = INT64_MIN / 4;

// Passes [begin, end) of one kind of one chunk, by micro-batch. All take the same time.
struct Run {
  const Nanos* times;  // [micro-batch] heads, which ascend, or tails, which descend
  Nanos duration;
  int begin;
  int end;
};

// The end of the passes of several runs on one device that may not start a pass before its head. It takes the passes in
// ascending order of heads, which no other order beats. For tails it is the same with time reversed.
//
// Thread contract: one thread. Keeps its memory from one use to the next.
class RunMerger {
 public:
  void Clear() { runs_.clear(); }
  void Add(const Run& run) {
    if (run.begin < run.end) runs_.push_back(run);
  }

  // `times` of all runs are heads: the earliest end. Uses up the runs.
  Nanos EarliestEnd() { return Merge<1>(); }

  // `times` of all runs are tails: the least time from the first start to the objective. Uses up the runs.
  Nanos LongestTail() { return Merge<-1>(); }

 private:
  template <int step>
  Nanos Merge();

  std::vector<Run> runs_;
};

// A pass on one device: it cannot start before `head`, and the objective is at least its end plus `tail`.
struct PassWindow {
  Nanos head;
  Nanos tail;
  Nanos duration;
};

// The least objective of `passes` on one device if a pass may be interrupted, which is no more than the least without
// interruptions. Time: n log n. Source: Jackson's preemptive schedule; Carlier 1982, The One-Machine Sequencing
// Problem.
Nanos PreemptiveBound(std::vector<PassWindow> passes);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_ONE_MACHINE_H_
