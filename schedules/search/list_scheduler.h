// The constructive part of the search: one pass over time that decides, whenever a device is free, what it runs next.
// Used by search.cc with several policies, of which the best result counts.
#ifndef BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_
#define BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_

#include <vector>

#include "absl/types/span.h"
#include "schedules/search/search_problem.h"

namespace baton {

// What a device prefers. Its depth is the round trip of the first micro-batch through all devices behind it, in
// forwards of its own: with as many in flight it would never wait. `target` and `most` bound the micro-batches in
// flight (passed forward and not yet backward):
//
//   a backward is ready   it runs, but for a forward that is ready too while fewer than `target` are in flight
//   a forward is ready    it runs while fewer than `most` are in flight and memory lasts; at `target` and above only
//                         if no backward is known to come within `patience` forwards
//   neither               a backward-weight runs, if what is known to come next leaves `least_gap` of its time
struct ListPolicy {
  double target_per_depth;
  double target_offset;
  double most_per_depth;
  double least_gap;
  double patience;
  bool later_chunk_first;  // of two forwards that are ready
  // How far apart micro-batches enter the first chunk at least, in the work of the busiest device for one of them.
  double pace;
};

// The policies that Construct tries: a small set that cover each other's weak cases (docs/search.md).
absl::Span<const ListPolicy> ListPolicies(const SearchProblem& problem);

// Thread contract: one thread. `problem` must outlive it and have limits that CheckFeasible accepts. Allocates nothing
// once it is made.
class ListScheduler {
 public:
  explicit ListScheduler(const SearchProblem& problem);

  // Makes an order within the limits; never gets stuck, since each device keeps room for the forwards of the oldest
  // micro-batch that has not passed all its chunks. Returns the objective, or INT64_MAX as soon as it is sure to be
  // `give_up_at` or more. n log p in passes and devices.
  Nanos Run(const ListPolicy& policy, Nanos give_up_at, Word& word);

 private:
  // What a device may run now, by chunk (-1: none), and when more is known to come.
  struct Options {
    int32_t forward = -1;
    int32_t input = -1;
    int32_t weight = -1;
    Nanos next_forward = INT64_MAX;
    Nanos next_input = INT64_MAX;
  };
  Options LookAt(int device, Nanos now, bool is_full, bool later_chunk_first) const;
  // The pass to run, or -1 to wait.
  int32_t Choose(int device, Nanos now, const Options& options, const ListPolicy& policy) const;
  void Start(int device, int32_t pass, Nanos now, Word& word);
  bool HasRoom(int device, int32_t chunk) const;
  void LookAgainAt(int device, Nanos time);

  const SearchProblem& problem_;
  std::vector<double> depth_;      // [device]
  Nanos next_entry_ = 0;           // when the next micro-batch may enter the first chunk
  Nanos pace_ns_ = 0;              // of the policy at hand
  Nanos busiest_ns_ = 0;           // the most work for one micro-batch
  std::vector<double> target_;     // [device] of the policy at hand, in passes of chunks
  std::vector<double> most_;       // [device]
  std::vector<Nanos> arrival_;     // [pass of chunk × micro-batches + n]: when who reads the n-th result can
  std::vector<int32_t> count_;     // [pass]: how many have started
  std::vector<int32_t> flying_;    // [device]: forwards without their backward-input, over its chunks
  std::vector<int64_t> held_;      // [device]
  std::vector<Nanos> free_at_;     // [device]
  std::vector<Nanos> work_left_;   // [device]
  std::vector<Nanos> work_;        // [device] all of it
  std::vector<uint8_t> waits_;     // [device]: it found nothing to do
  std::vector<int32_t> position_;  // [device] in the word
  // A tournament of devices for the one to look at first: leaf d + leaves_ is device d, every other node the one of its
  // two that has the earlier look_at_ (the lower device of equals); 1 is the root.
  int leaves_ = 1;
  std::vector<Nanos> look_at_;   // [leaf]
  std::vector<int32_t> winner_;  // [node]
};

// The constructive part: the shortest word of all policies, and its objective by Timing, which may be less than the
// scheduler's own: where a device waited on purpose and then ran something else, the word is faster than it was made.
Nanos Construct(const SearchProblem& problem, Word& best);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_
