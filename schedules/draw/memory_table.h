// What each device's memory is made of, as a table. Used by `baton simulate` and `baton compile`.
#ifndef BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_
#define BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// A row for each of `devices`, with the sum; empty if no device needs any memory, as where no sizes are given.
std::string MemoryTable(const Program& program, const std::vector<int>& devices);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_MEMORY_TABLE_H_
