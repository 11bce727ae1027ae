// A compute order: the sequence of forwards and backwards of each device, without transfers. Schedules and the search
// make orders; lower turns an order into a program. Used by catalog, search, verify and lower.
//
//   ComputeOrder order = LoopedOrder(request);  // a placement without actions; catalog/order_request.h
//   order.devices[0] = {{ActionKind::kForward, /*chunk=*/0, /*micro_batch=*/0}, {ActionKind::kBackward, 0, 0}};
//   std::cout << FormatOrder(order);            // "0F0 0B0\n"; order_text.h
#ifndef BATON_SCHEDULES_ORDER_COMPUTE_ORDER_H_
#define BATON_SCHEDULES_ORDER_COMPUTE_ORDER_H_

#include <cstdint>
#include <vector>

#include "schedules/placement/placement.h"

namespace baton {

// In PyTorch's letters: F, B (the whole backward pass), I (backward-input), W (backward-weight). R is Baton's own: it
// restores, before B or I, the activations that F did not save.
enum class ActionKind : int8_t { kForward, kBackward, kBackwardInput, kBackwardWeight, kRecompute };

// True for B and I, which compute the gradient that the previous chunk waits for.
inline bool IsBackward(ActionKind kind) { return kind == ActionKind::kBackward || kind == ActionKind::kBackwardInput; }

// True for W and R, which exchange no data with other chunks.
inline bool IsWithinChunk(ActionKind kind) {
  return kind == ActionKind::kBackwardWeight || kind == ActionKind::kRecompute;
}

// The most chunks × micro-batches of one order. Positions and indices of waits have 32 bits, and a forward adds at most
// a dozen instructions of two waits each. Memory is a lower limit on most machines; runtime/planning/program_size.h
// checks it.
inline constexpr int64_t kMaxForwards = int64_t{1} << 26;

struct Action {
  ActionKind kind;
  int32_t chunk;        // 0 to num_chunks − 1
  int32_t micro_batch;  // 0 to num_micro_batches − 1

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
