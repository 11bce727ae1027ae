// The sum over the members of a group, on the host. Used by LocalCollective and GlooCollective, whose sums thus have
// the same bits.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_SUM_MEMBERS_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_SUM_MEMBERS_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/transport/collective.h"

namespace baton {

// Errors: Internal if two members differ in size or type, or the size is not a multiple of the element's.
absl::Status CheckMembers(absl::Span<const ReduceBuffer> members);

// Every member's element ← the sum over the members, or what else ReduceBuffer::combine names, in a fixed order, so
// that the result does not depend on who arrives when. The members must have passed CheckMembers. They may be one block
// of larger buffers: the bytes from `offset` of `total` bytes; total 0: they are all.
void SumMembers(absl::Span<const ReduceBuffer> members, Bytes offset = 0, Bytes total = 0);

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_SUM_MEMBERS_H_
