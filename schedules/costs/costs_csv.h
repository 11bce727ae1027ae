// The costs of chunks as a table in a file: what --costs=FILE.csv reads and a profile writes.
//
//   chunk,forward_us,backward_input_us,backward_weight_us,transfer_us,activation_bytes,weight_activation_bytes,
//       recompute_us,step_us                                                                     (one line in the file)
//   0,18522,18086,9337,601,1073741824,393216000,0,210
//   1,18522,18086,9337,601,1073741824,393216000,0,210
//
// Used by tools/baton.
#ifndef BATON_SCHEDULES_COSTS_COSTS_CSV_H_
#define BATON_SCHEDULES_COSTS_COSTS_CSV_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schedules/costs/costs.h"

namespace baton {

// The most bytes and rows that are read: far beyond what anybody runs.
inline constexpr size_t kMaxCostsCsvBytes = size_t{1} << 24;
inline constexpr int kMaxCostsCsvRows = 1 << 16;

// A row a chunk, in model order; columns in any order, named in the first line. Times are in microseconds, for one
// micro-batch; transfer_us is from the chunk to the next one, and back (of the last chunk it means nothing).
// activation_bytes are held from a chunk's forward to its backward-input (0 if left out), weight_activation_bytes of
// them until its backward-weight (all if left out). recompute_us (0 if left out) makes all of that again before the
// backward, so that it need not be held; step_us (0 if left out) is the optimizer's update. Blanks around a cell, CRLF,
// a byte order mark and empty lines mean nothing.
//
// Fills forward_ns, backward_input_ns, backward_weight_ns, recompute_ns, update_ns, link_ns, saved_bytes and
// saved_weight_bytes; where recompute_us is above 0, in place of these recomputed_bytes and recomputed_weight_bytes.
// Errors: InvalidArgument with file, line, column, value and what is allowed.
absl::StatusOr<CostModel> ReadCostsCsv(absl::string_view text, absl::string_view file);

// What ReadCostsCsv reads, with all columns; of a chunk that recomputes a part of what it holds, as if all.
std::string PrintCostsCsv(const CostModel& costs);

// The same model in fewer chunks: each is `costs.chunks.size() / num_chunks` neighbours in one, whose links it no
// longer needs. Expects num_chunks to divide the number of chunks.
CostModel MergeChunks(const CostModel& costs, int num_chunks);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_COSTS_CSV_H_
