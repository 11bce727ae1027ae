// Pass of lowering: the sums and updates that end a training step. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_FINISH_STEP_H_
#define BATON_SCHEDULES_LOWER_FINISH_STEP_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "schedules/costs/costs.h"
#include "schedules/lower/emit_instructions.h"
#include "schedules/program/program.h"

namespace baton {

// The groups that LowerOptions asks for: members are chunks, ascending, at least one.
// Errors: InvalidArgument.
absl::Status CheckReduceGroups(const std::vector<ReduceGroup>& groups, int num_chunks);

// [device]: its chunks, ascending.
std::vector<std::vector<int32_t>> ChunksOfDevices(const Program& program);

// Sets the program's reduce groups and returns what each device does after all micro-batches, [device]. Where there are
// several replicas, each chunk's replicas are summed first; then come the `asked` groups, extended to all replicas of
// their chunks. Expects the program's placement and devices to be set.
std::vector<Finish> FinishStep(const std::vector<ReduceGroup>& asked, const CostModel& costs, Program& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_FINISH_STEP_H_
