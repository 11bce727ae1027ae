// Pass of lowering: emits the instructions of one device in issue order, without slots and waits. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
#define BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_

#include <vector>

#include "schedules/lower/place_transfers.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// The instructions of a device after its last micro-batch. All lists ascend.
struct Finish {
  std::vector<int32_t> reduce_groups;  // before the updates
  std::vector<int32_t> updated_chunks;
  std::vector<int32_t> sharded_groups;  // after them: kShardedUpdate
};

// Emits for each action: the Recvs placed before it, its Loads, its compute instruction, the Send of its result. Emits
// `finish` at the end. `receives` are the device's, as PlaceTransfers returns them.
std::vector<Instruction> EmitInstructions(const ComputeOrder& order, int device, const std::vector<Receive>& receives,
                                          const Finish& finish);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
