// The problem that a search solves: the chunks of a placement as flat arrays of integers, and an objective. Used by the
// files of this folder; PrepareSearch (search.h) makes it from costs and limits.
#ifndef BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_
#define BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "schedules/costs/shared_cores.h"

namespace baton {

// The passes of a chunk: Forward, BackwardInput, BackwardWeight. All micro-batches cost the same, so some best order
// runs each kind of pass of a chunk in ascending micro-batches. An order is therefore a word for each device: its
// letters are pairs (chunk, kind), and the n-th occurrence of a letter stands for micro-batch n.
enum PassKind : int32_t { kForwardPass, kInputPass, kWeightPass, kNumPassKinds };

// A letter, from 0 to num_chunks · kNumPassKinds − 1.
inline constexpr int32_t PassOf(int32_t chunk, PassKind kind) { return chunk * kNumPassKinds + kind; }
inline constexpr int32_t ChunkOf(int32_t pass) { return pass / kNumPassKinds; }
inline constexpr PassKind KindOf(int32_t pass) { return static_cast<PassKind>(pass % kNumPassKinds); }

// Memory has one unit throughout: bytes, or millionths of a chunk's activation.
struct SearchProblem {
  int num_devices = 0;        // at least 1
  int num_chunks = 0;         // at least num_devices
  int num_micro_batches = 0;  // at least 1
  std::vector<int32_t> device_of_chunk;
  std::vector<Nanos> duration;  // [pass] for one micro-batch
  // [chunk] The part of the backward-input's duration that recomputes activations: it need not wait for the gradient.
  std::vector<Nanos> recompute_ns;
  // [chunk] Transfer time to the next chunk, and of its gradient back. 0 if both chunks are on one device, and for the
  // last chunk.
  std::vector<Nanos> link_ns;
  std::vector<int64_t> activation;         // [chunk] live from the forward's start to the backward-input's end
  std::vector<int64_t> weight_activation;  // [chunk] live from then to the backward-weight's end; at most activation
  std::vector<int64_t> limit;              // [device] the largest sum that may be live
  // [device] Added to the end of the device's last pass; the objective is the largest sum over all devices. For the
  // makespan: the time of the optimizer's updates. For the span: minus the start of the device's first pass. That is
  // the first forward of its first chunk, which starts at the same time in every order.
  std::vector<Nanos> tail_ns;

  SharedCores cores;  // that the passes, and the updates of tail_ns, take turns on; for the makespan alone

  std::vector<std::vector<int32_t>> chunks_of_device;  // ascending
  std::vector<int32_t> first_pass;  // [device] its letters are [first_pass[device], first_pass[device + 1]) of a Word

  int32_t num_passes() const { return first_pass.back(); }
};

// The words of all devices, one after the other.
using Word = std::vector<int32_t>;

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_
