// Pass of lowering: emits the instructions of one device in issue order, without slots and waits. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
#define BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_

#include <vector>

#include "schedules/lower/place_sums.h"
#include "schedules/lower/place_transfers.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// The instructions of a device that end its step, and those that begin the next one.
struct Finish {
  std::vector<int32_t> gathers;         // groups of kind kShardedUpdate, before all else
  std::vector<PlacedSum> replica_sums;  // among the last micro-batches, and gathers of what they scatter
  std::vector<int32_t> reduce_groups;   // all other sums, ascending; after the last micro-batch
  std::vector<int32_t> chunks;          // that are updated after them, ascending
};

// `groups`: of the program. Emits the gathers, then for each action: the Recvs placed before it, its Loads, its compute
// instruction, the Send of its result. Emits the sums over replicas where `finish` places them, and the rest of it at
// the end. `receives` are the device's, as PlaceTransfers returns them.
std::vector<Instruction> EmitInstructions(const ComputeOrder& order, const std::vector<ReduceGroup>& groups, int device,
                                          const std::vector<Receive>& receives, const Finish& finish);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
