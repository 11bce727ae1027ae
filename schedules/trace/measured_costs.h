// What a trace says about costs: the mean duration of each chunk's instructions, and how late a device wakes. A cost
// model made from some steps predicts the next ones. Used by the trainer and by rehearsals.
#ifndef BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_
#define BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_

#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Adds up any number of steps. Nothing is allocated by Add. Thread contract: one thread at a time.
class MeasuredCosts {
 public:
  explicit MeasuredCosts(const Program& program);
  void Add(const Program& program, const Trace& trace);
  bool empty() const { return steps_ == 0; }
  // The means. The halves of a fused Backward are told apart as in `shape`, whose sizes are kept.
  CostModel ToCostModel(const CostModel& shape) const;

 private:
  struct Sum {
    Nanos total = 0;
    int64_t count = 0;
    void Add(const Interval& interval) {
      total += interval.end - interval.start;
      ++count;
    }
    Nanos Mean() const { return count == 0 ? 0 : total / count; }
  };
  struct ChunkSums {
    Sum forward, backward, backward_input, backward_weight, recompute, step;
  };
  std::vector<ChunkSums> chunks_;
  Sum load_, transfer_, reduce_;
  Sum wake_;  // of instructions that a device had to wait for
  int steps_ = 0;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_
