// The split of a model: consecutive layers form chunks; the schedule places chunks on devices. Used by the tools,
// runtime/planning and runtime/train. Knows no layer, only the table of their costs.
//
//   BATON_ASSIGN_OR_RETURN(const std::vector<LayerRange> split, SplitBalanced(layers, /*num_chunks=*/4));
//   costs.chunks = SumChunks(layers, split, input_bytes, targets_bytes);
#ifndef BATON_SCHEDULES_PLAN_PLAN_H_
#define BATON_SCHEDULES_PLAN_PLAN_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/units.h"
#include "schedules/costs/costs.h"

namespace baton {

// Layers [begin, end) of the model.
struct LayerRange {
  int begin = 0;
  int end = 0;
  int size() const { return end - begin; }
};

// Splits the layers into `num_chunks` runs so that the heaviest run is as light as possible. A layer weighs its time if
// any layer has one, else its FLOPs if any layer has some, else 1. Among equally good splits the one with the smallest
// sum of squares is taken. Time: chunks · layers².
// Errors: InvalidArgument if num_chunks is below 1 or above the number of layers.
absl::StatusOr<std::vector<LayerRange>> SplitBalanced(absl::Span<const LayerCosts> layers, int num_chunks);

// Splits by the number of layers of each chunk.
// Errors: InvalidArgument if there are not `num_chunks` counts, one is below 1, or they do not add up to `num_layers`.
absl::StatusOr<std::vector<LayerRange>> SplitByCounts(absl::Span<const int> counts, int num_layers, int num_chunks);

// Returns the costs of each range of layers. `input_bytes` and `targets_bytes` are those of one micro-batch of data.
//
// The sums follow the memory layout of a Sequence of layers:
//   - A layer that is not the first of its chunk also keeps its input. If a layer recomputes its output, the next
//   layer's
//     input counts as recomputed.
//   - A layer that is not the last of its chunk also keeps the gradient of its output.
//   - Scratch is the largest of all layers, plus the inputs and gradients that are kept in scratch.
std::vector<ChunkCosts> SumChunks(absl::Span<const LayerCosts> layers, absl::Span<const LayerRange> split,
                                  Bytes input_bytes, Bytes targets_bytes);

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_PLAN_H_
