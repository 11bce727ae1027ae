// The stretches in which a device was idle, with their causes. Used by analysis (sums), pictures (hatching) and
// explain.
#ifndef BATON_SCHEDULES_ANALYZE_IDLE_H_
#define BATON_SCHEDULES_ANALYZE_IDLE_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

enum class IdleCause : int8_t { kFill, kDrain, kNeighbour, kTransfer, kCollective, kDispatch };
inline constexpr int kNumIdleCauses = 6;

// For identifiers and tables, as "neighbour".
const char* NameOf(IdleCause cause);
// For legends, as "a neighbour is still computing".
const char* WordsFor(IdleCause cause);

// Nanoseconds since the step began.
struct IdleSpan {
  Nanos begin = 0;
  Nanos end = 0;
  IdleCause cause = IdleCause::kFill;
  int32_t before = -1;  // the device's instruction that ended the span by starting; -1: the step ended
};

// The idle spans of one device, ascending and not empty, with the causes of IdleCauses (analysis.h). The device is idle
// unless it runs a Load, a forward, backward or recompute, or an Update. Idle spans and busy instructions fill the
// step.
std::vector<IdleSpan> IdleSpansOf(const DeviceProgram& device, const std::vector<Interval>& intervals, Nanos step_time);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_IDLE_H_
