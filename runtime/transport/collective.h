// A collective sums one buffer over the members of a group (tied gradients, gradient norms, replicas' gradients). Made
// by a Transport; called by AllReduce, ReduceScatter and AllGather instructions.
//
//   device 0   Arrive: members 0, 2 ──┐
//   device 1         Arrive: member 1 ┴─ started ── (0 + 1) + 2 → every member ── done (both devices)
#ifndef BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/shards.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

// How the buffers of the members become one.
enum class Combine : int8_t {
  kInOrder,       // added from the first to the last
  kAsTree,        // added by a balanced tree: neighbours in pairs, then pairs of pairs
  kShards,        // not added: member n's shard (base/shards.h) takes the place of that of the others
  kTreeToShards,  // added as kAsTree; member n gets the sum of its shard, and the rest of its buffer is unspecified
  // Added as kInOrder, and otherwise as kTreeToShards. On the host alone, for the members of tensor-parallel groups.
  kOrderToShards,
};

// One member's summand: [bytes / element size] f32 or f64. The result replaces it.
//
// Shards are those of a region. It is the buffer, unless the buffer is a part of it:
//
//   region   │ shard 0 ─────── │ shard 1 ─────── │        region_bytes
//   buffer            │ ─────────── │                     bytes, from `offset` on
//             member 0 has ───│──── member 1 has
//
// Values of 16 bits are in the shards of their f32 gradients: those of a region `ratio` times as large, with offsets
// divided by it.
struct ReduceBuffer {
  std::byte* data = nullptr;
  Bytes bytes = 0;
  bool is_double = false;               // f64; else f32
  Combine combine = Combine::kInOrder;  // the same for all members
  Bytes offset = 0;                     // of the buffer in the region that is cut into shards; not for kTreeToShards
  Bytes region_bytes = 0;               // of that region; 0: the buffer is the region
  int ratio = 1;

  // The bytes of the buffer that are in the member's shard; of all members they follow each other.
  Shard ShardOfMember(int member, int num_members) const {
    const Shard shard = ShardOf(ratio * (region_bytes > 0 ? region_bytes : bytes), member, num_members);
    const auto within = [&](Bytes at) { return std::clamp(at / ratio - offset, Bytes{0}, bytes); };
    return {within(shard.begin), within(shard.end)};
  }
};

// Members are numbered in the order of summation. Each member is on one device; a device may have several.
// Thread contract: Arrive from each participating device's worker; Reset while no other call is in progress.
// Ownership: buffers and events are borrowed until `done` is done.
class Collective {
 public:
  virtual ~Collective() = default;
  // Adds the members of `device` to the sum; `buffers` has one for each, in the order of summation. Does not block. The
  // sum is in every buffer when `done` is done. Completes `started` (may be null) when the last device has arrived. The
  // span is borrowed for the call. Errors: Internal if `device` has another number of members or arrives twice, or if
  // buffers differ in size or type.
  virtual absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                              Event* started) = 0;
  // Clears arrivals, after an error.
  virtual void Reset() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_
