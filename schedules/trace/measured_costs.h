// Costs measured from traces: the mean duration of each chunk's instructions, and how late a device wakes. A cost model
// made from some steps predicts the next ones. Used by the trainer and by rehearsals.
//
//   MeasuredCosts measured(program, planned.cores);
//   measured.Add(program, trace);                            // for each step
//   const CostModel costs = measured.ToCostModel(planned);
#ifndef BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_
#define BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_

#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/costs/shared_cores.h"
#include "schedules/program/program.h"
#include "schedules/trace/core_time.h"
#include "schedules/trace/trace.h"

namespace baton {

// Means over any number of steps. Thread contract: one thread at a time. Add does not allocate.
class MeasuredCosts {
 public:
  // `cores`: those that the devices shared in the steps. Times are then those of a device alone.
  explicit MeasuredCosts(const Program& program, const SharedCores& cores = {});
  void Add(const Program& program, const Trace& trace);
  bool empty() const { return steps_ == 0; }
  // The means. Takes sizes from `shape`, and the ratio of the two halves of a fused Backward. Transfers have one
  // latency that includes bytes and turns on links; bandwidths and nodes are cleared.
  CostModel ToCostModel(const CostModel& shape) const;

 private:
  struct Sum {
    Nanos total = 0;
    int64_t count = 0;
    void Add(Nanos time) {
      total += time;
      ++count;
    }
    Nanos Mean() const { return count == 0 ? 0 : total / count; }
  };
  struct ChunkSums {
    Sum forward, backward, backward_input, backward_weight, recompute, update;
  };
  std::vector<ChunkSums> chunks_;
  Sum load_, transfer_, reduce_;
  CoreTime core_time_;
  Sum wake_;  // from the end of the last wait to the start, of instructions that had to wait
  int steps_ = 0;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_MEASURED_COSTS_H_
