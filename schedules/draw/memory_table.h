// A table of the parts of each device's memory. Used by `baton simulate` and `baton compile`.
#ifndef BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_
#define BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// A row with the parts and their sum for each of `devices`. Empty if no device has an arena, as without sizes.
std::string MemoryTable(const Program& program, const std::vector<int>& devices);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_
