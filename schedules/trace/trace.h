// What happened when: one interval an instruction, aligned with the program's streams. The simulator, rehearsals and
// training all yield this, and report/ reads nothing else, so that predicted and measured can be laid side by side.
#ifndef BATON_SCHEDULES_TRACE_TRACE_H_
#define BATON_SCHEDULES_TRACE_TRACE_H_

#include <vector>

#include "base/units.h"

namespace baton {

// Nanoseconds since the step began.
//
//   ready ──── start ════════ end
//         waits       runs
//
// Compute: `ready` is when the lane's predecessor was done, `start` when the last wait was over, `end` when it was
// done. Transfer: `ready` is when this side was ready, `start` when both sides were, `end` when the data had arrived.
// AllReduce: as a transfer; `start` is when the last participant arrived.
struct Interval {
  Nanos ready = 0;
  Nanos start = 0;
  Nanos end = 0;
};

struct Trace {
  std::vector<std::vector<Interval>> devices;  // [device][instruction]
};

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_TRACE_H_
