// Checks of costs and reduce groups; see check_options.h.
#include "schedules/lower/check_options.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"

namespace baton {
namespace {

// A chunk sends as many bytes as its neighbour receives.
absl::Status CheckNeighbours(const CostModel& costs) {
  for (size_t i = 0; i + 1 < costs.chunks.size(); ++i) {
    if (costs.chunks[i].output_bytes != costs.chunks[i + 1].input_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("costs.chunks[", i, "].output_bytes: ", costs.chunks[i].output_bytes, "; the input of chunk ",
                       i + 1, " has ", costs.chunks[i + 1].input_bytes));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReduceGroups(const std::vector<ReduceGroup>& groups, int num_chunks) {
  for (size_t i = 0; i < groups.size(); ++i) {
    int previous = 0;
    for (int32_t chunk : groups[i].members) {
      if (chunk < previous || chunk >= num_chunks) {
        return absl::InvalidArgumentError(absl::StrCat("reduce_groups[", i, "].members: ", chunk,
                                                       "; chunks must be 0 to ", num_chunks - 1, " and not descend"));
      }
      previous = chunk;
    }
    if (groups[i].members.empty() || groups[i].bytes < 0) {
      return absl::InvalidArgumentError(absl::StrCat("reduce_groups[", i, "]: ", groups[i].members.size(),
                                                     " chunks and ", groups[i].bytes,
                                                     " bytes; it needs a chunk, and bytes must be at least 0"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOptions(const ComputeOrder& order, const CostModel& costs, const std::vector<ReduceGroup>& groups) {
  BATON_RETURN_IF_ERROR(CheckCosts(costs, order.num_chunks, order.num_micro_batches));
  BATON_RETURN_IF_ERROR(CheckNeighbours(costs));
  return CheckReduceGroups(groups, order.num_chunks);
}

}  // namespace baton
