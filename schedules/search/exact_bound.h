// A lower bound on the objective of every order that begins with the passes of a state. Used by exact.cc at each node.
#ifndef BATON_SCHEDULES_SEARCH_EXACT_BOUND_H_
#define BATON_SCHEDULES_SEARCH_EXACT_BOUND_H_

#include <cstdint>
#include <vector>

#include "schedules/search/exact_state.h"
#include "schedules/search/heads_and_tails.h"
#include "schedules/search/one_machine.h"
#include "schedules/search/search_problem.h"

namespace baton {

// Heads of the passes that are left follow from the state as in HeadsAndTails: by data, sequence, memory and work.
// Tails are those of the whole problem, because what comes after a pass does not depend on what came before. The bound
// is the longest device between both, with preemption.
//
// Thread contract: one thread. `problem` must outlive it.
class ExactBound {
 public:
  explicit ExactBound(const SearchProblem& problem);

  // Time: devices · (passes of a device left)².
  Nanos Of(const ExactState& state);
  // [device] From the last call of Of: the least head of the device's passes that are left, or its state's time.
  const std::vector<Nanos>& first_starts() const { return first_starts_; }
  // The least time from the pass's end to the objective, for its next micro-batch.
  Nanos Tail(int32_t pass, int n) const { return windows_.Tail(pass, n); }

 private:
  // Memory that passes which are left free before the next forwards of a chunk, in the order in which they can.
  struct Releases {
    std::vector<int> next;  // [2 · chunk of the device + (0: input passes, 1: weight passes)]: the next micro-batch
    int64_t released = 0;
    Nanos time = 0;
  };

  Nanos& Head(int32_t pass, int n) { return heads_[static_cast<size_t>(pass) * m_ + n]; }
  // When the result of the pass can be read, or could at the earliest.
  Nanos ArrivalOf(const ExactState& state, int32_t pass, int n);
  void FindHeads(const ExactState& state);
  Nanos SequenceHead(const ExactState& state, int32_t pass, int n);
  Nanos MemoryHead(const ExactState& state, int32_t chunk, int n);
  Nanos WorkBeforeForward(const ExactState& state, int32_t chunk, int n);
  Nanos WorkBeforeInput(const ExactState& state, int32_t chunk, int n);
  void AddRun(const ExactState& state, int32_t pass, int end);

  const SearchProblem& problem_;
  const int m_;
  const HeadsAndTails windows_;
  std::vector<Nanos> heads_;        // [pass × micro-batches + n] of passes that are left
  std::vector<Releases> releases_;  // [chunk]
  std::vector<Nanos> first_starts_;
  std::vector<PassWindow> passes_;
  RunMerger merger_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_EXACT_BOUND_H_
