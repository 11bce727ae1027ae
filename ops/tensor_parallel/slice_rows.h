// Cuts the rows of activations between the cut layers of a member's model: sequence parallelism. Used only by
// MemberModel.
#ifndef BATON_OPS_TENSOR_PARALLEL_SLICE_ROWS_H_
#define BATON_OPS_TENSOR_PARALLEL_SLICE_ROWS_H_

#include "absl/status/status.h"
#include "ops/layers/spec.h"
#include "ops/tensor_parallel/member_part.h"

namespace baton {

// `model`: of one member, as MemberModel cuts it without slices of rows. Changes its layers so that between the
// embedding and the head each member has a slice of the rows of each micro-batch:
//
//   embedding, its output summed        the sum is scattered
//   layers before the first residual    the member takes its rows of the output, if the embedding is not cut
//   norms, linear layers that are whole the rows of the slice; gradients of parameters are summed over members
//   activations, gates, dropout         the rows of the slice
//   attention, feed-forward             rows are gathered before them, and the sum behind them is scattered
//   head, or the first row              rows are gathered before it; what follows is whole
//
// Errors, which begin with parallel.tensor_sequence: InvalidArgument if the members do not divide the rows;
// Unimplemented for other layers.
absl::Status SliceRows(const MemberPart& part, ModelSpec& model);

}  // namespace baton

#endif  // BATON_OPS_TENSOR_PARALLEL_SLICE_ROWS_H_
