// The constructive part of the search: a list scheduler goes through time and decides what each free device runs next.
// Used by search.cc, which takes the best result of several policies.
#ifndef BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_
#define BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_

#include <vector>

#include "absl/types/span.h"
#include "schedules/search/search_problem.h"

namespace baton {

// The preferences of a device. Its depth is the round trip of the first micro-batch through all devices behind it, in
// units of the device's own forward time: with that many micro-batches in flight it would never wait. A micro-batch is
// in flight between its forward and its backward-input. Two numbers bound how many are:
//
//   target = target_per_depth · depth + target_offset, at least 1
//   most   = most_per_depth · depth, at least target
//
//   ready on the device   what runs
//   backward              the backward; but the forward if one is ready too and fewer than `target` are in flight
//   forward only          the forward while fewer than `most` are in flight and memory lasts; from `target` on only if
//                         no backward is known to arrive within `patience` forward times
//   neither               a backward-weight if no pass is known to become ready within `least_gap` of its time
struct ListPolicy {
  double target_per_depth;
  double target_offset;  // micro-batches
  double most_per_depth;
  double least_gap;        // in durations of the backward-weight
  double patience;         // in durations of the forward
  bool later_chunk_first;  // if forwards of two chunks are ready
  double pace;  // least time between micro-batches that enter the first chunk, in work of the busiest device for one
  // Whether memory that micro-batches before the oldest one will free counts as reserved for it (see Run).
  bool counts_on_frees = false;
};

// The policies that Construct tries: a small set whose members are good at different problems (docs/search.md).
absl::Span<const ListPolicy> ListPolicies(const SearchProblem& problem);

// Thread contract: one thread. `problem` must outlive it and have limits that CheckFeasible accepts. Only the
// constructor allocates.
class ListScheduler {
 public:
  explicit ListScheduler(const SearchProblem& problem);

  // Writes an order within the limits to `word` and returns its objective, or INT64_MAX as soon as the objective must
  // be `give_up_at` or more. It cannot get stuck: each device reserves memory for the forwards of the oldest
  // micro-batch that has not passed all chunks of the device, beside all that is live; or, if the policy counts on
  // frees, beside what this and later micro-batches hold. Those before it have passed all chunks of the device and free
  // what they hold without it, so the oldest of all can always go on. Time: n log p for n passes and p devices.
  Nanos Run(const ListPolicy& policy, Nanos give_up_at, Word& word);

 private:
  // The chunks whose passes a device may run now (-1: none), and when the next known pass becomes ready.
  struct Options {
    int32_t forward = -1;
    int32_t input = -1;
    int32_t weight = -1;
    Nanos next_forward = INT64_MAX;
    Nanos next_input = INT64_MAX;
  };
  Options LookAt(int device, Nanos now, bool is_full, bool later_chunk_first) const;
  // Returns the pass to run, or -1 to wait.
  int32_t Choose(int device, Nanos now, const Options& options, const ListPolicy& policy) const;
  void Start(int device, int32_t pass, Nanos now, Word& word);
  bool HasRoom(int device, int32_t chunk) const;
  int64_t HeldBefore(int device, int32_t oldest) const;
  void LookAgainAt(int device, Nanos time);

  const SearchProblem& problem_;
  std::vector<double> depth_;      // [device]
  Nanos next_entry_ = 0;           // the earliest time at which the next micro-batch enters the first chunk
  Nanos pace_ns_ = 0;              // of the current policy
  bool counts_on_frees_ = false;   // of the current policy
  Nanos busiest_ns_ = 0;           // work of the busiest device for one micro-batch
  std::vector<double> target_;     // [device] of the current policy, in forwards of single chunks
  std::vector<double> most_;       // [device]
  std::vector<Nanos> arrival_;     // [pass × micro-batches + n]: when the n-th result is where it is read
  std::vector<int32_t> count_;     // [pass]: how many have started
  std::vector<int32_t> flying_;    // [device]: forwards of its chunks whose backward-input has not started
  std::vector<int64_t> live_;      // [device]
  std::vector<Nanos> free_at_;     // [device]
  std::vector<Nanos> work_left_;   // [device]
  std::vector<Nanos> work_;        // [device] of the whole step
  std::vector<uint8_t> waits_;     // [device]: found nothing to run
  std::vector<int32_t> position_;  // [device] in the word
  // A tournament tree that finds the device to look at next. Node leaves_ + d is device d; every other node is the
  // winner of its two children: the earlier look_at_, or the lower device. Node 1 is the root.
  int leaves_ = 1;
  std::vector<Nanos> look_at_;   // [leaf]
  std::vector<int32_t> winner_;  // [node]
};

// Writes the shortest word of all policies to `best` and returns its objective as Timing computes it. That can be less
// than the scheduler's own time: if a device waited on purpose, its word need not. Policies whose objective must be
// `give_up_at` or more are given up; kNever if all are.
Nanos Construct(const SearchProblem& problem, Nanos give_up_at, Word& best);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LIST_SCHEDULER_H_
