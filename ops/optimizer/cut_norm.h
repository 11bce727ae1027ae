// A parameter's squared norm from the sums of its pieces, which several devices have computed. Used where the gradients
// of a chunk are in shards; see tree_sum.h.
#ifndef BATON_OPS_OPTIMIZER_CUT_NORM_H_
#define BATON_OPS_OPTIMIZER_CUT_NORM_H_

#include <cstdint>

#include "base/host_device_function.h"
#include "ops/optimizer/tree_sum.h"

namespace baton {

// A parameter that shards cut into pieces, each a subtree of its leaves. Each member of a tensor-parallel group has a
// part of the parameter, cut in the same way. Elements of the table of norms:
//
//   norm         the squared norm of the parameter
//   first_piece  member 0's pieces from the left to the right, then those of member 1, …
struct CutNorm {
  int32_t norm = 0;
  int32_t first_piece = 0;
  int32_t num_pieces = 0;   // of a member
  int32_t num_members = 1;  // whose parts are added in their order
  int32_t first_level = 0;  // in CutNorms::levels: that of the first piece
};

// Not owned. In memory that host and device share.
struct CutNorms {
  const CutNorm* cuts = nullptr;  // [count]
  const int32_t* levels = nullptr;
  int64_t count = 0;
};

// norms[cut.norm] += the sum of the pieces, with the bits of a norm that was computed as a whole. It is 0 before, or
// NaN to stop an update.
BATON_HOST_DEVICE inline void JoinCutNorm(const CutNorm& cut, const int32_t* levels, double* norms) {
  double sum = 0;
  for (int32_t member = 0; member < cut.num_members; ++member) {
    TreeSum tree;
    for (int32_t piece = 0; piece < cut.num_pieces; ++piece) {
      tree.Add(norms[cut.first_piece + member * cut.num_pieces + piece], levels[cut.first_level + piece]);
    }
    sum += tree.Total();
  }
  norms[cut.norm] += sum;
}

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_CUT_NORM_H_
