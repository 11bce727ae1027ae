// The window of each pass: its head, before which no order within the limits can start it, and its tail, the least time
// from its end to the objective. Used by the lower bound.
//
//   0 ── head ──▶ [pass] ── tail ──▶ objective
#ifndef BATON_SCHEDULES_SEARCH_HEADS_AND_TAILS_H_
#define BATON_SCHEDULES_SEARCH_HEADS_AND_TAILS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schedules/search/one_machine.h"
#include "schedules/search/search_problem.h"

namespace baton {

// Each head and each tail is the largest value that follows from
//
//   data      the path of passes and links through the other devices
//   sequence  passes of one kind of a chunk run one after the other
//   memory    a forward waits until enough activations were freed, which takes round trips through the devices behind
//   work      the passes that must precede (or follow) the pass on its own device, each with its own head (or tail)
//
// Time: devices · (passes of a device)². Above 4·10⁷ steps, `work` counts the passes in sum only, without their heads.
//
// Thread contract: one thread. `problem` must outlive it.
class HeadsAndTails {
 public:
  explicit HeadsAndTails(const SearchProblem& problem);

  // Head and tail of the pass for micro-batch `n`.
  Nanos Head(int32_t pass, int n) const { return heads_[Index(pass, n)]; }
  Nanos Tail(int32_t pass, int n) const { return tails_[Index(pass, n)]; }

  // For a device with one chunk: the least number of input and of weight passes that end before some forward.
  struct Needed {
    int inputs = 0;
    int weights = 0;
    Nanos more_work_ns = 0;  // work of further passes that must end too, whichever they are
  };
  Needed NeededBefore(int32_t chunk, int n) const;

 private:
  // The memory that the chunks of a device up to one of them free, in the order in which they can.
  struct Releases {
    std::vector<int> next;  // [2 · chunk of the device + (0: input passes, 1: weight passes)]: the next micro-batch
    int64_t released = 0;
    Nanos time = 0;
  };

  size_t Index(int32_t pass, int n) const { return static_cast<size_t>(pass) * m_ + n; }
  Nanos& Head(int32_t pass, int n) { return heads_[Index(pass, n)]; }
  Nanos& Tail(int32_t pass, int n) { return tails_[Index(pass, n)]; }
  Nanos Duration(int32_t pass) const { return problem_.duration[pass]; }
  // The chunks of the chunk's device, itself included, ascending.
  const std::vector<int32_t>& ChunksBeside(int32_t chunk) const {
    return problem_.chunks_of_device[problem_.device_of_chunk[chunk]];
  }
  // Passes of micro-batches below `end`, or from `begin` on.
  Run HeadsOf(int32_t chunk, PassKind kind, int end);
  Run TailsOf(int32_t chunk, PassKind kind, int begin);
  // heads.cc
  void FindHeads();
  Nanos ForwardHead(int32_t chunk, int n);
  Nanos MemoryHead(int32_t chunk, int n);
  Nanos InputHead(int32_t chunk, int n);

  // tails.cc
  void FindTails();
  Nanos ForwardTail(int32_t chunk, int n);
  Nanos InputTail(int32_t chunk, int n);

  const SearchProblem& problem_;
  const int m_;
  bool merges_ = true;        // whether `work` respects heads and tails of the passes
  std::vector<Nanos> heads_;  // [pass × micro-batches + n]
  std::vector<Nanos> tails_;
  std::vector<Releases> releases_;  // [chunk]
  RunMerger merger_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_HEADS_AND_TAILS_H_
