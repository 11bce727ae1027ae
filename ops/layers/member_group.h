// The members of a tensor-parallel group, as a layer of one of them sees the others. Every member computes the same
// passes in the same order on its part of the parameters, so that the n-th call on one member meets the n-th call on
// each other. Called by MemberSum and by losses over slices of classes.
#ifndef BATON_OPS_LAYERS_MEMBER_GROUP_H_
#define BATON_OPS_LAYERS_MEMBER_GROUP_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "ops/layers/layer.h"
#include "ops/tensor/shape.h"

namespace baton {

// One member's side. Thread contract: one thread a member; a call waits for the other members. Stream: the work is
// enqueued on `stream`; on the host it is done when the call returns. Allocates nothing after the first call.
class MemberGroup {
 public:
  virtual ~MemberGroup() = default;

  virtual int num_members() const = 0;  // at least 1
  // values ← the sum of all members' values, added from member 0 to the last, so that every member gets the same bits.
  // `values`: [count] f32 or f64, or bf16 on GPUs, the same count and type on every member. Errors: Internal if counts
  // or types differ; Cancelled if another member has failed; InvalidArgument for another type.
  virtual absl::Status Sum(KernelStream stream, DataType type, int64_t count, std::byte* values) = 0;
  // values ← the largest of all members' values. Otherwise as Sum.
  virtual absl::Status Max(KernelStream stream, DataType type, int64_t count, std::byte* values) = 0;
  // whole ← the slices of all members, one behind the other in their order. slice: [count]; whole: [num_members() ·
  // count]; no member's buffers overlap. Errors: as Sum; Unimplemented for groups without slices.
  virtual absl::Status Gather(KernelStream stream, DataType type, int64_t count, const std::byte* slice,
                              std::byte* whole) {
    return absl::UnimplementedError("this group of members gathers no slices");
  }
  // slice ← the member's slice of the sum of all members' wholes, with the bits of Sum. Otherwise as Gather.
  virtual absl::Status SumScatter(KernelStream stream, DataType type, int64_t count, const std::byte* whole,
                                  std::byte* slice) {
    return absl::UnimplementedError("this group of members scatters no sums");
  }
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_MEMBER_GROUP_H_
