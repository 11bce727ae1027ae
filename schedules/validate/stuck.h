// Why a program gets stuck in a transport, instruction by instruction. Used by the rule "deadlock" for every model but
// the default one, and by `baton verify`, which draws it.
#ifndef BATON_SCHEDULES_VALIDATE_STUCK_H_
#define BATON_SCHEDULES_VALIDATE_STUCK_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// One reason: `who` cannot go on before `whom` does.
struct Blame {
  enum class Why {
    kWaits,      // it names `whom` as a wait
    kAfter,      // `whom` is issued before it
    kQueued,     // `whom` is at the head of its queue
    kMeets,      // `whom` is its other side
    kBuffer,     // `whom` is the Recv that would empty a buffer for it
    kAllReduce,  // `whom` is where the participant of its AllReduce stands
    kNeverMet,   // it has no other side; there is no `whom`
    kNobody,     // a participant of its AllReduce never comes; there is no `whom`
  };
  Why why;
  InstructionRef who;
  InstructionRef whom;
};

// A chain of reasons, each about the one before it, that comes back to where it began or ends at one that nobody can
// help.
struct Deadlock {
  bool is_circle = false;
  std::vector<Blame> chain;
};

struct StuckProgram {
  std::vector<int32_t> next;  // [device]: the instruction that it cannot issue, or the number of its instructions
  std::vector<Deadlock> deadlocks;
};

// Plays the program without times, each device in issue order. Only chains that are no mere consequence of another one
// are reported; none if everything ends. Expects a program in which the rule "ranges" finds nothing; linear in its
// size.
StuckProgram FindDeadlocks(const Program& program, const Lanes& lanes, const TransportModel& transport);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_STUCK_H_
