// Counts groups in binary; see gradient_folds.h.
#include "schedules/program/walk/gradient_folds.h"

namespace baton {

int NumPartialSums(int num_groups) {
  int partial_sums = 0;
  while ((int64_t{1} << partial_sums) < num_groups) ++partial_sums;
  return partial_sums;
}

std::vector<GradientFold> FoldsOf(const Program& program, int entry) {
  if (program.sum_groups == 1) return {};
  const int chunk = program.placement.replicas()[entry].chunk;
  std::vector<int> own;
  for (int micro_batch = 0; micro_batch < program.num_micro_batches; ++micro_batch) {
    if (program.placement.IndexOf(chunk, micro_batch) == entry) own.push_back(micro_batch);
  }
  std::vector<GradientFold> folds(program.num_micro_batches);
  bool folds_any = false;
  unsigned group = 0;  // of the replica's, from 0
  for (size_t i = 0; i < own.size(); ++i) {
    const bool is_last = i + 1 == own.size();
    if (!is_last && program.SumGroupOf(own[i + 1]) == program.SumGroupOf(own[i])) continue;
    GradientFold& fold = folds[own[i]];
    // A power of two of groups: the last one has a 1 in every bit and adds all partial sums.
    for (unsigned rest = group; (rest & 1) != 0; rest >>= 1) ++fold.num_added;
    fold.moves = !is_last;
    folds_any = folds_any || fold.moves;
    ++group;
  }
  return folds_any ? folds : std::vector<GradientFold>();
}

}  // namespace baton
