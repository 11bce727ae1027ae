// How long each compute instruction of a step had a core for each of its threads. Used by measured costs, so that costs
// measured on shared cores are those of a device alone, and by reports, which count the rest as waiting for a core.
#ifndef BATON_SCHEDULES_TRACE_CORE_TIME_H_
#define BATON_SCHEDULES_TRACE_CORE_TIME_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "schedules/costs/shared_cores.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// The time that an instruction had a core: its speed by SharedCores, summed from its start to its end. It depends on
// how many devices of its processor compute at each moment:
//
//   device 0 |════════════|      one core: both had half of it while both computed,
//   device 1       |══════════|  device 0 alone all of it before
//
// For a simulated trace it is the instruction's cost, up to the rounding of each event.
//
// Thread contract: one thread at a time. Only the constructor allocates.
class CoreTime {
 public:
  CoreTime(const Program& program, const SharedCores& cores);

  // Looks at a step of the same program.
  void Read(const Program& program, const Trace& trace);
  // In nanoseconds, at least 0, of the step that was read last. Of a transfer or an AllReduce, which takes no core:
  // from its start to its end.
  Nanos Of(int device, size_t instruction) const { return times_[device][instruction]; }

 private:
  struct Event {
    Nanos at;
    int32_t device;
    int32_t instruction;
    bool is_end;
  };
  struct Processor {
    Nanos now = 0;
    int running = 0;
    double done = 0;  // ns of core time that a device would have had since the step began, had it always computed
  };

  SharedCores cores_;
  bool are_shared_;
  std::vector<Event> events_;
  std::vector<Processor> processors_;
  std::vector<double> begun_;              // [device] Processor::done when its instruction started
  std::vector<std::vector<Nanos>> times_;  // [device][instruction]
};

// That of the cores that `trace` names, already read; none if no devices share them.
std::optional<CoreTime> CoreTimeOf(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_CORE_TIME_H_
