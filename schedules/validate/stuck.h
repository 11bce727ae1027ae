// Finds the deadlocks of a program in a transport, with the reason for each wait. Used by the rule "deadlock" and by
// `baton verify`, which draws them.
//
//     BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
//     const StuckProgram stuck = FindDeadlocks(program, lanes, transport);
//     if (stuck.deadlocks.empty()) …                           // every instruction ends
//     stuck.deadlocks[0].chain[0].waiter;                      // an instruction that never ends, and …
//     stuck.deadlocks[0].chain[0].blocker;                     // … the instruction that it waits for
#ifndef BATON_SCHEDULES_VALIDATE_STUCK_H_
#define BATON_SCHEDULES_VALIDATE_STUCK_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// One reason: `waiter` cannot end before `blocker` does.
struct Blame {
  enum class Why {
    kWaits,         // the waiter names the blocker as a wait
    kAfter,         // the blocker is issued before the waiter
    kQueued,        // the blocker is at the head of the waiter's queue
    kOtherSide,     // the blocker is the other side of the waiter, a transfer
    kBuffer,        // the blocker is the Recv that would empty a buffer for the waiter, a Send
    kCollective,    // the blocker is the collective of another device that the waiter, a collective, meets
    kNeverMatched,  // the waiter, a transfer, has no other side on the blocker's device
    kNeverJoined,   // the blocker's device never takes part in the waiter, a collective
  };
  Why why;
  InstructionRef waiter;
  InstructionRef blocker;  // instruction -1 where Why names no instruction
};

// A chain of reasons: each blocker is the next reason's waiter. The last blocker of a cycle is the first waiter. Any
// other chain ends with a reason that names no blocking instruction.
struct Deadlock {
  bool is_cycle = false;
  std::vector<Blame> chain;
};

struct StuckProgram {
  std::vector<int32_t> next;  // [device]: the first instruction that it cannot issue, or its number of instructions
  std::vector<Deadlock> deadlocks;
};

// Runs the program without times. Each device issues in order: an instruction is issued once all earlier compute
// instructions and its waits are over. Reports each chain that is not a consequence of another one; none if every
// instruction ends. Expects a program in which the rule "ranges" finds nothing. Linear in the program's size.
StuckProgram FindDeadlocks(const Program& program, const Lanes& lanes, const TransportModel& transport);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_STUCK_H_
