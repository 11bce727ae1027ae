// What a search works on: the chunks of a placement as flat arrays of integers, and what is to be made short. Used by
// the files of this folder; search.h makes it from costs and limits.
#ifndef BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_
#define BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace baton {

// Forward, BackwardInput, BackwardWeight of a chunk. All micro-batches are alike, so that some best order runs each
// kind of pass of a chunk in ascending micro-batches: an order is then, for each device, a word over (chunk, kind), and
// the n-th letter of its kind means micro-batch n.
enum PassKind : int32_t { kForwardPass, kInputPass, kWeightPass, kNumPassKinds };

// A letter of such a word.
inline constexpr int32_t PassOf(int32_t chunk, PassKind kind) { return chunk * kNumPassKinds + kind; }
inline constexpr int32_t ChunkOf(int32_t pass) { return pass / kNumPassKinds; }
inline constexpr PassKind KindOf(int32_t pass) { return static_cast<PassKind>(pass % kNumPassKinds); }

inline constexpr int64_t kNoLimit = INT64_MAX / 4;

// Memory is in any unit, the same throughout. A chunk's activation takes held[chunk] from its forward's start to its
// backward-input's end, and then held_weight[chunk], which is no more, until its backward-weight's end. Every pass of
// a chunk takes the same time for every micro-batch.
struct SearchProblem {
  int num_devices = 0;
  int num_chunks = 0;
  int num_micro_batches = 0;
  std::vector<int32_t> device_of_chunk;
  std::vector<Nanos> duration;  // [pass]
  std::vector<Nanos> link_ns;   // [chunk] to the next one and back; 0 if both are on one device, and of the last
  std::vector<int64_t> held;
  std::vector<int64_t> held_weight;
  std::vector<int64_t> limit;  // [device]
  // [device] Added to the end of the device's last pass; the objective is the largest sum. For the makespan it is the
  // time of the optimizer's step; for the span it is minus the start of the device's first pass, which is that of its
  // first chunk's first forward and the same in every order.
  std::vector<Nanos> tail_ns;

  std::vector<std::vector<int32_t>> chunks_of_device;  // ascending
  // The device's letters are [first_pass[device], first_pass[device + 1]) of a Word.
  std::vector<int32_t> first_pass;

  int32_t num_passes() const { return first_pass.back(); }
};

// The devices' words one after the other.
using Word = std::vector<int32_t>;

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCH_PROBLEM_H_
