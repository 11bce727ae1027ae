// The kernel of a CUDA collective. Used by CudaCollective alone.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/device/device.h"
#include "runtime/transport/collective.h"

namespace baton {

// Every member's element ← the sum over the members, added from the first to the last: the same bits as the host's.
// members: n × [bytes / element size] f32 or f64, all within reach of the GPU of `stream`, which must be the current
// one. Errors: Internal if they differ in size or type or are no whole elements.
absl::Status SumMembers(absl::Span<const ReduceBuffer> members, Stream& stream);

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_
