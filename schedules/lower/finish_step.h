// Pass of lowering: the collectives and updates that end a training step, and those that begin the next one. Used by
// lower.cc.
#ifndef BATON_SCHEDULES_LOWER_FINISH_STEP_H_
#define BATON_SCHEDULES_LOWER_FINISH_STEP_H_

#include <cstdint>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/lower/emit_instructions.h"
#include "schedules/lower/time_order.h"
#include "schedules/program/program.h"

namespace baton {

// [device]: the chunks of the device, ascending.
std::vector<std::vector<int32_t>> ChunksOfDevices(const Program& program);

struct FinishOptions {
  int copies = 1;  // of the pipeline
  bool shards_optimizer = false;
  QueueKind queues = QueueKind::kPerPeerAndDirection;
};

// Sets the program's reduce groups and returns the end of each device's step and the start of the next one, [device].
// With several replicas, a group for each chunk sums its replicas first. The `asked` groups follow, extended to all
// replicas of their chunks: tied gradients once in each copy of the pipeline, whose gradients are equal by then; the
// norm once over all of them, so that all drop an update that one has to drop. If optimizer state is sharded, a group
// for each chunk gathers its shards at the start of the next step, the sums over replicas give each replica its shard,
// and a group for each tied use gathers the shards of its gradient before the tied gradients are summed. Expects that
// the program's placement and devices are set.
std::vector<Finish> FinishStep(const ComputeOrder& order, const OrderTimes& times,
                               const std::vector<ReduceGroup>& asked, const CostModel& costs,
                               const FinishOptions& options, Program& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_FINISH_STEP_H_
