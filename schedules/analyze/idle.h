// Where a device was idle, why, and for whom it waited. Used by analysis (sums), pictures (hatching) and explain.
#ifndef BATON_SCHEDULES_ANALYZE_IDLE_H_
#define BATON_SCHEDULES_ANALYZE_IDLE_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

enum class IdleCause : int8_t { kFill, kDrain, kNeighbour, kTransfer, kDispatch };
inline constexpr int kNumIdleCauses = 5;

// As "neighbour".
const char* NameOf(IdleCause cause);
// As "waiting for a neighbour's compute".
const char* WordsFor(IdleCause cause);

struct IdleSpan {
  Nanos begin = 0;
  Nanos end = 0;
  IdleCause cause = IdleCause::kFill;
  int32_t before = -1;  // the instruction that began when the span was over; -1: none, the step was over
};

// The stretches in which the device ran neither a Load, nor forward or backward, nor an optimizer step; ascending, none
// empty. What IdleCauses says of the causes holds. They and the instructions that run fill the step.
std::vector<IdleSpan> IdleSpansOf(const DeviceProgram& device, const std::vector<Interval>& intervals, Nanos step_time);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_IDLE_H_
