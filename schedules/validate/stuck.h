// Why a program gets stuck in a transport, instruction by instruction. Used by the rule "deadlock" and by
// `baton verify`, which draws it.
#ifndef BATON_SCHEDULES_VALIDATE_STUCK_H_
#define BATON_SCHEDULES_VALIDATE_STUCK_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// One reason: `waiter` cannot go on before `blocker` does.
struct Blame {
  enum class Why {
    kWaits,         // the waiter names the blocker as a wait
    kAfter,         // the blocker is issued before the waiter
    kQueued,        // the blocker is at the head of the waiter's queue
    kOtherSide,     // the blocker is the other side of the waiter, a transfer
    kBuffer,        // the blocker is the Recv that would empty a buffer for the waiter, a Send
    kAllReduce,     // the blocker is the next instruction of a participant of the waiter, an AllReduce
    kNeverMatched,  // the waiter, a transfer, has no other side on the blocker's device
    kNeverJoined,   // the blocker's device never takes part in the waiter, an AllReduce
  };
  Why why;
  InstructionRef waiter;
  InstructionRef blocker;  // instruction -1 where Why names no instruction
};

// A chain of reasons: each one's blocker is the next one's waiter. A circle ends where it began; another chain ends
// where there is no blocking instruction.
struct Deadlock {
  bool is_circle = false;
  std::vector<Blame> chain;
};

struct StuckProgram {
  std::vector<int32_t> next;  // [device]: the instruction that it cannot issue, or the number of its instructions
  std::vector<Deadlock> deadlocks;
};

// Plays the program without times, each device in issue order: it issues an instruction once all earlier compute
// instructions and its waits are over. Reports each chain that is not a mere consequence of another one; none if every
// instruction ends. Expects a program in which the rule "ranges" finds nothing; linear in its size.
StuckProgram FindDeadlocks(const Program& program, const Lanes& lanes, const TransportModel& transport);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_STUCK_H_
