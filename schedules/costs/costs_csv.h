// The costs of chunks as a CSV file: what --costs=FILE.csv reads and `baton profile` writes. Used by tools/baton and
// runtime/planning. The columns are in the first line (one line in the file):
//
//   chunk,forward_us,backward_input_us,backward_weight_us,transfer_us,
//       activation_bytes,weight_activation_bytes,recompute_us,step_us
//   0,18522,18086,9337,601,1073741824,393216000,0,210
//   1,18522,18086,9337,601,1073741824,393216000,0,210
#ifndef BATON_SCHEDULES_COSTS_COSTS_CSV_H_
#define BATON_SCHEDULES_COSTS_COSTS_CSV_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schedules/costs/costs.h"

namespace baton {

// The most bytes and rows that are read: far more than any real file has.
inline constexpr size_t kMaxCostsCsvBytes = size_t{1} << 24;
inline constexpr int kMaxCostsCsvRows = 1 << 16;

// Reads one row a chunk, in model order. Columns may come in any order; the last five are optional. Times are
// microseconds for one micro-batch, 0 to 3.6·10⁹:
//
//   chunk                    0, 1, 2, …
//   transfer_us              one transfer to the next chunk, and of its gradient back; ignored for the last chunk
//   activation_bytes         live from forward to backward-input; default 0
//   weight_activation_bytes  the part of these that is live until backward-weight; default all
//   recompute_us             to restore all of these before the backward, instead of saving them; default 0: saved
//   step_us                  the optimizer's update, once a step; default 0
//   repeated_us              that each half of a backward pass repeats and a whole one takes once; at most the shorter
//                            half; default 0
//
// Fills in forward_ns, backward_input_ns, backward_weight_ns, recompute_ns, update_ns, repeated_ns, link_ns, and
// saved_bytes and saved_weight_bytes, or if recompute_us is above 0 recomputed_bytes and recomputed_weight_bytes. For
// blanks, quotes and line ends see base/csv_rows.h.
//
// Errors: InvalidArgument as `file:line:column: what`, with the value and what is allowed.
absl::StatusOr<CostModel> ReadCostsCsv(absl::string_view text, absl::string_view file);

// The text that ReadCostsCsv reads, with all columns; repeated_us only if it is above 0 for a chunk. The format cannot
// say that a chunk recomputes a part of its activation: such a chunk is written as if it recomputed all of it.
std::string PrintCostsCsv(const CostModel& costs);

// The same model in `num_chunks` chunks, which must divide costs.chunks.size(): equally many neighbours are merged into
// one, and the links between them are dropped.
CostModel MergeChunks(const CostModel& costs, int num_chunks);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_COSTS_CSV_H_
