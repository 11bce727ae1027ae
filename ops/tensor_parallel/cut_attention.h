// Cuts attention with its projections by heads. Used only by MemberModel.
#ifndef BATON_OPS_TENSOR_PARALLEL_CUT_ATTENTION_H_
#define BATON_OPS_TENSOR_PARALLEL_CUT_ATTENTION_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/tensor_parallel/member_part.h"

namespace baton {

// The end of the run of layers that begins at `begin` with a linear layer and ends with another behind an attention,
// with nothing but RMS norms and rotary positions between; `begin` if there is none.
size_t EndOfAttention(const std::vector<LayerSpec>& layers, size_t begin);

// Cuts such a run. Errors: MemberModel's.
absl::StatusOr<LayerSpec> CutAttention(const MemberPart& part, const std::vector<LayerSpec>& run);

}  // namespace baton

#endif  // BATON_OPS_TENSOR_PARALLEL_CUT_ATTENTION_H_
