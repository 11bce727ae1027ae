// Fourth pass of lowering: the instructions of one device in issue order, with neither slots nor waits yet.
#ifndef BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
#define BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_

#include <vector>

#include "schedules/lower/place_transfers.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// What a device does once all micro-batches are through: ascending.
struct Finish {
  std::vector<int32_t> reduce_groups;
  std::vector<int32_t> stepped_chunks;
};

// For each action: the Recvs placed before it, the Loads that it needs, itself, the Send of its result. Then `finish`.
std::vector<Instruction> EmitInstructions(const ComputeOrder& order, int device, const std::vector<Receive>& receives,
                                          const Finish& finish);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_EMIT_INSTRUCTIONS_H_
