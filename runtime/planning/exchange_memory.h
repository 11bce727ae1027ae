// The memory of GPUs outside of arenas in which sums over several processes are added. Used by JobPrograms.
#ifndef BATON_RUNTIME_PLANNING_EXCHANGE_MEMORY_H_
#define BATON_RUNTIME_PLANNING_EXCHANGE_MEMORY_H_

#include <vector>

#include "base/units.h"
#include "schedules/program/program.h"

namespace baton {

// The bytes that NcclTransport allocates on `device` for the sums of `program`: staging for each sum whose members are
// in several processes, on the device of its first member in each of them. `rank_of_device`: see DealDevices; empty: one
// process.
Bytes ExchangeBytes(const Program& program, const std::vector<int>& rank_of_device, int device);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_EXCHANGE_MEMORY_H_
