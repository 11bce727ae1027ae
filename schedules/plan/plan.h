// A plan says which layer is on which device: layers are cut into chunks of consecutive layers, chunks are placed on
// devices by the schedule. Checked when made, immutable after. Used by the tools and runtime/train; sees no layer, only
// a table of costs.
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

// Cuts `layers` into `num_chunks` runs so that the heaviest run is as light as possible: measured by time if the table
// has times, else by FLOPs, else by count. Ties go to the split with the smallest sum of squares.
// Errors: InvalidArgument if there are fewer layers than chunks.
absl::StatusOr<std::vector<LayerRange>> SplitBalanced(absl::Span<const LayerCosts> layers, int num_chunks);

// Cuts by given counts. Errors: InvalidArgument, with both sums, if they don't add up to `num_layers`.
absl::StatusOr<std::vector<LayerRange>> SplitByCounts(absl::Span<const int> counts, int num_layers, int num_chunks);

// Sums each range of the table. `input_bytes` and `targets_bytes` are those of one micro-batch of data.
//
// The sums follow how a Sequence lays its memory out: each layer's own needs add up; a layer that is not the first of
// its chunk also keeps its input, one that is not the last the gradient of its output; scratch is that of the hungriest
// layer beside what is kept in scratch throughout. The input of a layer behind one that makes its output again counts
// as recomputed.
std::vector<ChunkCosts> SumChunks(absl::Span<const LayerCosts> layers, absl::Span<const LayerRange> split,
                                  Bytes input_bytes, Bytes targets_bytes);

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_PLAN_H_
