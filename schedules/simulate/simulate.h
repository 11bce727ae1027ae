// The simulator: what would happen when, if every instruction took what the cost model says. Used by predictions,
// search and reports.
#ifndef BATON_SCHEDULES_SIMULATE_SIMULATE_H_
#define BATON_SCHEDULES_SIMULATE_SIMULATE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

struct SimulateOptions {
  TransportModel transport;
};

// One pass, linear in the number of instructions. The rules of time:
//
//   compute      starts when its lane's predecessor has ended, and its waits wake_ns ago; a Backward takes both halves'
//                time
//   Send, Recv   is ready when its waits have ended and its queue's previous transfer has started; the transfer starts
//                when both sides are ready, takes its turn on its link (CostModel) behind those that started before it,
//                holds the link for its bytes and ends a latency later (with CostModel::link_ns: takes that, whatever
//                is on its way). With buffers, a Send starts when it is ready and one is empty, which it is again when
//                the Recv that takes it has ended; a Recv starts when it is ready and the Send has started, and ends no
//                earlier than that; there, each pair of devices has links of its own, from node to node too
//   AllReduce       is ready as compute is, starts when the last participant is ready, takes CostModel::ReduceNanos
//
// Transfers that start at once on one link take turns by sending device and instruction. Where several pairs of devices
// share a link that has a bandwidth, their transfers go through a heap, which adds a factor log(transfers under way).
//
// Errors: InvalidArgument if `costs` does not fit the program (see CheckCosts). FailedPrecondition if the program is
// malformed or gets stuck; the message names the first instruction that cannot go on. Validate first for the reasons.
absl::StatusOr<Trace> Simulate(const Program& program, const CostModel& costs, const SimulateOptions& options = {});

// How long each instruction runs, [device][instruction], from its start to its end. Each side of a transfer has its
// own.
using Durations = std::vector<std::vector<Nanos>>;

// Those of a trace.
Durations DurationsOf(const Trace& trace);

// By the same rules, with a duration given for each instruction instead of a cost model: this is how a measured step is
// replayed, or a part of one. Errors: InvalidArgument if the durations are not one for each instruction, none negative;
// FailedPrecondition as Simulate.
absl::StatusOr<Trace> Replay(const Program& program, const Durations& durations, const SimulateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_SIMULATE_H_
