// The simulator: what would happen when, if every instruction took what the cost model says. Used by predictions,
// search and reports.
#ifndef BATON_SCHEDULES_SIMULATE_SIMULATE_H_
#define BATON_SCHEDULES_SIMULATE_SIMULATE_H_

#include "absl/status/statusor.h"
#include "schedules/plan/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

struct SimulateOptions {
  TransportModel transport;
};

// One pass, linear in the number of instructions. The rules of time:
//
//   compute      starts when its lane's predecessor and its waits have ended; a Backward takes both halves' time
//   Send, Recv   is ready when its waits have ended and its queue's previous transfer has started; the transfer starts
//                when both sides are ready and takes its link's latency, however many are on their way. With buffers, a
//                Send starts when it is ready and one is empty, which it is again when the Recv that takes it has
//                ended; a Recv starts when it is ready and the Send has started, and ends no earlier than that
//   Reduce       is ready as compute is, starts when the last participant is ready, takes reduce_ns
//
// Errors: InvalidArgument if `costs` does not fit the program (see CheckCosts). FailedPrecondition if the program is
// malformed or gets stuck; the message names the first instruction that cannot go on. Validate first for the reasons.
absl::StatusOr<Trace> Simulate(const Program& program, const CostModel& costs, const SimulateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_SIMULATE_H_
