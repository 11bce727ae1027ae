// Cuts a model for one member of a tensor-parallel group: every member has a part of each large weight and computes
// the same passes; sums over members join the parts. Used by runtime/planning.
//
//   BATON_ASSIGN_OR_RETURN(const ModelSpec part, MemberModel(model, /*num_members=*/2, /*member=*/0));
//   part.layers: [residual [norm, member sum [linear by rows, attention, linear by columns], dropout], …]
#ifndef BATON_OPS_TENSOR_PARALLEL_MEMBER_MODEL_H_
#define BATON_OPS_TENSOR_PARALLEL_MEMBER_MODEL_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

// Returns `whole` with the parts of `member`, in [0, num_members), of these layers:
//
//   linear, attention, linear     the heads; norms and rotary positions of heads may stand before the attention
//   linear, activation, linear    the features between the two
//   linear, gate, linear          likewise
//   embedding                     the tokens
//   linear, cross-entropy         the classes, if there are as many as members
//   linear alone                  the inputs, in a model without attention, if the members divide them
//
// All other layers are whole on every member. The parameters of a part have the names of the whole ones and name their
// slice (ParameterSpec::slice), with a padded row where the members do not divide tokens or classes; parameters that
// are whole have the same values and gradients on every member. The activations between layers are whole, too, or equal
// slices of rows, so that a pipeline may be split as before.
// Errors: InvalidArgument that begins with parallel.tensor if num_members does not divide heads, key-value heads or
// features, if there are fewer tokens than members, or if no layer is cut; Unimplemented for norms of other features
// than all heads of the queries or of the keys. Source: Shoeybi et al. 2019, "Megatron-LM", section 3.
//
// `slices_rows`: between embedding and head each member has a slice of the rows of the activations, as SliceRows says;
// with its errors.
absl::StatusOr<ModelSpec> MemberModel(const ModelSpec& whole, int num_members, int member, bool slices_rows = false);

}  // namespace baton

#endif  // BATON_OPS_TENSOR_PARALLEL_MEMBER_MODEL_H_
