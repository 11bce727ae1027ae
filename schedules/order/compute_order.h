// A compute order: what runs when on one device, without any transfer. What a schedule's function returns and what
// lower turns into a program. Used by order, search and lower.
#ifndef BATON_SCHEDULES_ORDER_COMPUTE_ORDER_H_
#define BATON_SCHEDULES_ORDER_COMPUTE_ORDER_H_

#include <cstdint>
#include <vector>

#include "schedules/placement/placement.h"

namespace baton {

// PyTorch's letters: F, B (both halves of the backward pass), I (backward-input), W (backward-weight). Ours: R, which
// makes again what F computed and did not keep, before B or I.
enum class ActionKind : int8_t { kForward, kBackward, kBackwardInput, kBackwardWeight, kRecompute };

// True for B and I: what the backward of the previous chunk waits for.
inline bool IsBackward(ActionKind kind) { return kind == ActionKind::kBackward || kind == ActionKind::kBackwardInput; }

// True for what reads from no other chunk and is read by none.
inline bool IsWithinChunk(ActionKind kind) {
  return kind == ActionKind::kBackwardWeight || kind == ActionKind::kRecompute;
}

// The most chunks × micro-batches of one order: about 100 million instructions, more than anybody runs, and few enough
// that a mistyped number is an error and not an exhausted memory.
inline constexpr int64_t kMaxForwards = int64_t{1} << 24;

struct Action {
  ActionKind kind;
  int32_t chunk;
  int32_t micro_batch;

  friend bool operator==(const Action& a, const Action& b) {
    return a.kind == b.kind && a.chunk == b.chunk && a.micro_batch == b.micro_batch;
  }
};

struct ComputeOrder {
  int num_chunks = 0;
  int num_micro_batches = 0;
  ChunkPlacement placement;                  // which device has which replica of which chunk; of num_chunks chunks
  std::vector<std::vector<Action>> devices;  // [device][position]

  int num_devices() const { return static_cast<int>(devices.size()); }
  // Where the chunk's passes for the micro-batch run.
  int32_t DeviceOf(int chunk, int micro_batch) const { return placement.DeviceOf(chunk, micro_batch); }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_COMPUTE_ORDER_H_
