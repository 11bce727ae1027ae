// A collective sums one buffer over the chunks that hold a copy of it (tied gradients, gradient norms): what an
// AllReduce instruction calls. Implemented by transport/local; made by a Transport.
#ifndef BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

// One chunk's share of a sum: [bytes / element size] f32 or f64. Replaced by the sum.
struct ReduceBuffer {
  std::byte* data = nullptr;
  Bytes bytes = 0;
  bool is_double = false;  // else float
};

// The members of a sum are numbered in the order of summation; each lives on a device, and a device may hold several.
// Thread contract: Arrive from each participating device's worker; Reset while no other call is in progress.
class Collective {
 public:
  virtual ~Collective() = default;
  // Adds the members of `device` to the sum: `buffers` holds one for each, in the order of summation. Never blocks; the
  // sum is in every buffer when `done` is. `started` (null: nobody asks) is done when the last device arrived.
  // Buffers belong to the collective until `done`; the span only for the call.
  // Errors: Internal if the device holds another number of members or the buffers differ in size or type.
  virtual absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                              Event* started) = 0;
  // Forgets who arrived, after an error.
  virtual void Reset() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_COLLECTIVE_H_
