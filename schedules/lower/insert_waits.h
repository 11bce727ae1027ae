// Sixth pass of lowering: says for each instruction which instructions of other lanes it must wait for.
#ifndef BATON_SCHEDULES_LOWER_INSERT_WAITS_H_
#define BATON_SCHEDULES_LOWER_INSERT_WAITS_H_

#include "schedules/program/program.h"

namespace baton {

// A compute instruction waits for the Recv of what it is the first to read and for the Send that still reads what it
// overwrites. A transfer waits for the compute instruction that precedes it: a Send's producer, or the last one that
// can have read a Recv's slot; so a worker that issues in order and computes inline does exactly what asynchronous
// lanes do. Expects slots assigned.
void InsertWaits(DeviceProgram& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_INSERT_WAITS_H_
