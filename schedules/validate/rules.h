// The rules of a sound program, one file each. Each function appends every violation that it finds. All but CheckRanges
// expect a program in which CheckRanges finds none. Used by validate.cc.
#ifndef BATON_SCHEDULES_VALIDATE_RULES_H_
#define BATON_SCHEDULES_VALIDATE_RULES_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/validate/validate.h"

namespace baton {

// "ranges": FindStructureViolations (schedules/program/structure.h) finds nothing, so every index exists and buffers
// are within the arena; and there are at least as many instructions as chunks × micro-batches.
void CheckRanges(const Program& program, std::vector<Violation>& violations);

// "completeness": each chunk passes each micro-batch forward and backward exactly once, on its device, in an order that
// keeps each device's own dependencies and, if `gradients_ascend`, adds gradients in ascending micro-batch order.
// Exactly the needed Loads exist. AllReduces and Updates come once, last, and Updates exist for every chunk or for
// none; only a sum over a chunk's replicas may come earlier, once the device has added its last gradient to the chunk.
// AllGathers come once, those of tied gradients as sums over replicas do. A chunk whose gradients a ReduceScatter sums
// has an AllGather of what its replicas update.
void CheckCompleteness(const Program& program, bool gradients_ascend, std::vector<Violation>& violations);

// "sums": the replicas of a chunk sum consecutive sum groups, in the order of the groups and equally many each, so that
// the AllReduce of their sums completes one balanced tree; and each has memory for its partial sums.
void CheckSums(const Program& program, std::vector<Violation>& violations);

// "collectives": an AllGather is of a group whose members have shards, a ReduceScatter of one whose members get shards
// of a sum, an AllReduce of any other. The n-th collective of a group is the same operation on each of its devices, and
// each has as many. Two groups that share two devices or more have their collectives in the same order on all of them,
// as NCCL requires of communicators that share GPUs.
void CheckCollectives(const Program& program, std::vector<Violation>& violations);

// "regions": whatever lanes do in their own time, waits keep everything apart that uses the parameters or gradients of
// one chunk, if one of the two writes them. So no gradient is added while a sum reads it, no Update begins before its
// sums are over, and no Forward before the AllGather that it follows. All lanes are idle between two steps.
void CheckRegions(const Program& program, std::vector<Violation>& violations);

// "shards": the program is walked twice, as two steps. Between the Update of a shard and the next pass that reads the
// chunk's parameters, the replica issues the AllGather that brings the others, on all replicas before the Update of a
// step or on all behind it; and between the ReduceScatter of gradients and their Update nothing adds to them, and
// the sum of a tied gradient comes behind an AllGather for each use of the parameter. That the pass and the sum wait
// for the AllGather is the rule "regions".
void CheckShards(const Program& program, std::vector<Violation>& violations);

// "transfers": the n-th Send to a device matches the n-th Recv there, none is unmatched, and each needed transfer
// exists exactly once.
void CheckTransfers(const Program& program, std::vector<Violation>& violations);

// "slots": every reader of a slot finds the buffer that it expects, even if transfers run asynchronously and only waits
// order them.
void CheckSlots(const Program& program, std::vector<Violation>& violations);

// "memory": each replica has memory on its device; buffers are aligned and overlap nowhere.
void CheckMemory(const Program& program, std::vector<Violation>& violations);

// "deadlock": if each device issues in order, every instruction ends in the given transport.
void CheckDeadlock(const Program& program, const TransportModel& transport, std::vector<Violation>& violations);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_RULES_H_
