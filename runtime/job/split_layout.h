// Megatron-LM's --pipeline-model-parallel-layout: which layers form a chunk, as one string. Used by resolve_pipeline.cc
// for pipeline.split.layout.
//
//   "Et*3|(tt|)*2,L"   E t t t | t t | t t | L     the loss alone in a chunk, which Baton's models do not have
//   "Et*3|(tt|)*2,tL"  E t t t | t t | t t | t L   layers 3, 2, 2, 1
#ifndef BATON_RUNTIME_JOB_SPLIT_LAYOUT_H_
#define BATON_RUNTIME_JOB_SPLIT_LAYOUT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// Returns the number of transformer blocks (t) of each chunk. The chunks stand in model order between bars; a factor
// repeats the letter, bar or parenthesis before it; commas mean nothing. The embedding (E) belongs to the first block
// and the loss (L) to the last: either may be left out. Errors: InvalidArgument that begins with
// "pipeline.split.layout: character N", from 1: an unknown letter, a wrong factor or parenthesis, a layer for
// multi-token prediction (m), an E that is not first, an L that is not last, a chunk without a block.
absl::StatusOr<std::vector<int>> ParseSplitLayout(absl::string_view layout);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_SPLIT_LAYOUT_H_
