// Last pass of lowering: gives every buffer of a device its place in the device's one arena.
#ifndef BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_
#define BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_

#include <cstdint>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"

namespace baton {

// Parameters, gradients and optimizer state chunk by chunk, the workspace, then the slots, each at a multiple of
// kBufferAlignment. Forward-only programs have only parameters: the other two offsets are kNoOffset.
void LayoutMemory(const std::vector<int32_t>& chunks, bool forward_only, const CostModel& costs,
                  DeviceProgram& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_
