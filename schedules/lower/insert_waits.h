// Pass of lowering: sets the instructions of other lanes that each instruction waits for. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_INSERT_WAITS_H_
#define BATON_SCHEDULES_LOWER_INSERT_WAITS_H_

#include "schedules/program/program.h"

namespace baton {

// A compute instruction waits for the Recv into a slot that it is the first to read, and for the Send that reads a slot
// that it overwrites. A transfer waits for the compute instruction before it: the producer of a Send's slot, or the
// last possible reader of a Recv's slot. So a worker that issues in order and computes inline keeps the same order as
// asynchronous lanes.
//
// A sum waits for the last instruction that adds to the gradients that it reads, and for the sums of other groups that
// it reads the results of: those over replicas, then those of tied gradients, then the norm. An Update waits for the
// sums of its chunk, and for the norm. An AllGather waits for the Update of its chunk. Compute in between waits for
// none of them.
//
// Expects that slots are assigned.
void InsertWaits(const Program& program, int device, DeviceProgram& code);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_INSERT_WAITS_H_
