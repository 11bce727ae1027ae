// The state of branch and bound: which passes have run, and when; made by running one pass after the other. Used by
// exact.cc and exact_bound.cc.
#ifndef BATON_SCHEDULES_SEARCH_EXACT_STATE_H_
#define BATON_SCHEDULES_SEARCH_EXACT_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "schedules/search/search_problem.h"
#include "schedules/search/timing.h"

namespace baton {

// Thread contract: one thread. `problem` must outlive it; devices share no cores.
class ExactState {
 public:
  explicit ExactState(const SearchProblem& problem);

  // The state of a device that Run and Block change, for Undo.
  struct Before {
    Nanos now;
    uint64_t blocked;
  };

  // When the pass could start if its device ran it next. kNever if an input is not there yet, memory is missing, all
  // micro-batches are done, or it is blocked.
  Nanos NextStart(int32_t pass) const;
  Before Run(int32_t pass);
  // Forbids the forward until another pass of its device has run. Expects at most 64 chunks a device.
  Before Block(int32_t forward);
  void UndoRun(int32_t pass, const Before& before);
  void UndoBlock(int32_t forward, const Before& before);

  int32_t Count(int32_t pass) const { return count_[pass]; }
  // When the result of the pass for micro-batch n, which has run, is where it is read.
  Nanos Arrival(int32_t pass, int n) const { return arrival_[static_cast<size_t>(pass) * m_ + n]; }
  Nanos Now(int device) const { return now_[device]; }
  int64_t Live(int device) const { return live_[device]; }
  uint64_t Blocked(int device) const { return blocked_[device]; }
  bool IsDone() const { return num_left_ == 0; }
  // Whether all forwards that are left fit into the device's memory even if nothing is freed before.
  bool HasRoomForAll(int device) const;
  // The counts of all passes. Two states with equal keys have the same passes before them.
  const std::vector<int32_t>& counts() const { return count_; }

  // The pass whose result `pass` waits for, or −1: for the first forward, and for a backward-weight, which follows its
  // backward-input on the same device. And the time from a pass's end until its result can be read.
  int32_t SourceOf(int32_t pass) const { return source_[pass]; }
  Nanos LatencyOf(int32_t pass) const { return latency_[pass]; }

  // The word so far; of a state that is done, one that SearchProblem describes.
  Word ToWord() const;

 private:
  int64_t ChangeOf(int32_t pass) const;

  const SearchProblem& problem_;
  const int m_;
  int32_t num_left_;
  std::vector<int32_t> count_;             // [pass]
  std::vector<Nanos> arrival_;             // [pass × micro-batches + n]
  std::vector<Nanos> now_;                 // [device]
  std::vector<int64_t> live_;              // [device]
  std::vector<uint64_t> blocked_;          // [device] bit i: forwards of its i-th chunk
  std::vector<int32_t> place_;             // [chunk] its number on its device
  std::vector<int32_t> source_;            // [pass]
  std::vector<Nanos> latency_;             // [pass]
  std::vector<std::vector<int32_t>> run_;  // [device] passes in the order in which they run
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_EXACT_STATE_H_
