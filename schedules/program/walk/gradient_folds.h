// Where the gradients of a chunk's replica are folded into partial sums, so that the sum over all micro-batches is a
// balanced tree over Program::sum_groups. Used by lower, validate and stage modules.
//
//   8 micro-batches, 4 sum groups, one replica           gradients     partial 0   partial 1
//   after 1   end of group 0: move                       0             s0
//   after 3   end of group 1: add partial 0, move        0                         s0+s1
//   after 5   end of group 2: move                       0             s2          s0+s1
//   after 7   end of group 3: add partials 0 and 1       the sum: (s0 + s1) + (s2 + s3)
//
// Several replicas hold consecutive groups; the AllReduce of their sums is the top of the same tree.
#ifndef BATON_SCHEDULES_PROGRAM_WALK_GRADIENT_FOLDS_H_
#define BATON_SCHEDULES_PROGRAM_WALK_GRADIENT_FOLDS_H_

#include <cstdint>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// The sums that follow a backward pass on weights: first gradients ← partial[i] + gradients for i below num_added,
// then, if `moves`, partial[num_added] ← gradients and gradients ← 0.
struct GradientFold {
  int8_t num_added = 0;
  bool moves = false;

  // A move counts as one: it reads the gradients and writes them and zeros.
  int NumSums() const { return num_added + (moves ? 1 : 0); }
};

// [micro-batch], for an entry of ChunkPlacement::replicas(). Empty if nothing is folded.
std::vector<GradientFold> FoldsOf(const Program& program, int entry);

// The partial sums that FoldsOf uses, if a replica holds `num_groups` groups: log₂, rounded up.
int NumPartialSums(int num_groups);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_GRADIENT_FOLDS_H_
