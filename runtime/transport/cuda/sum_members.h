// The kernel of a CUDA collective. Used by CudaCollective and NcclExchange.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/device/device.h"
#include "runtime/transport/collective.h"

namespace baton {

// Replaces each element of every member by the sum over the members, or what else ReduceBuffer::combine names: the same
// bits as on the host. Shapes: n members of [bytes / element size] f32 or f64,
// all accessible to the GPU of `stream`, which must be current. Errors: Internal if members differ in size or type, or
// if their size is not a multiple of the element's.
// They may be one block of larger buffers: the bytes from `offset` of `total` bytes; total 0: they are all.
absl::Status SumMembers(absl::Span<const ReduceBuffer> members, Stream& stream, Bytes offset = 0, Bytes total = 0);

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_SUM_MEMBERS_H_
