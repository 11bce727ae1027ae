// The simulator: predicts when every instruction of a program runs, from a cost model. Used by predictions, search and
// reports.
//
//   CostModel costs = …;                                     // nanoseconds of each chunk's passes, latencies,
//   bandwidths BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, costs)); const StepReport report =
//   Analyze(program, trace);       // schedules/analyze/analysis.h
//
// A measured step, or a part of one, is replayed with its own durations:
//
//   Durations durations = DurationsOf(measured);
//   durations[device][instruction] = predicted_ns;
//   BATON_ASSIGN_OR_RETURN(const Trace changed, Replay(program, durations));
#ifndef BATON_SCHEDULES_SIMULATE_SIMULATE_H_
#define BATON_SCHEDULES_SIMULATE_SIMULATE_H_

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/simulate/durations.h"
#include "schedules/trace/trace.h"

namespace baton {

struct SimulateOptions {
  TransportModel transport;  // the same as in lowering and validation
};

// Predicts one step in one pass, linear in the number of instructions. The rules of time:
//
//   compute      An instruction starts when its lane's predecessor has ended and wake_ns after the end of its last
//                wait. A Backward takes the time of both halves. If devices share cores (CostModel::cores), it takes longer
//                while others compute on its host; collectives and transfers take no core.
//   Send, Recv   A side is ready when its waits have ended and the previous transfer of its queue has started. The
//                transfer starts when both sides are ready. It then takes its turn on its link (CostModel), behind the
//                transfers that started earlier, occupies the link for its bytes, and ends one latency later. With
//                CostModel::link_ns it takes exactly that time, whatever else is on the link.
//   AllReduce, AllGather
//                A device is ready when its waits have ended and the previous collective of the group has started. The
//                collective starts when the last device is ready. It then takes its turn on the links of a ring over
//                its devices, as transfers do, and takes CostModel::ReduceNanos. Compute goes on.
//
// With buffered transfers (TransportModel::buffered_slots):
//
//   Send         starts when it is ready and a buffer is empty. A buffer is empty again when the Recv that takes its
//                contents has ended.
//   Recv         starts when it is ready and its Send has started; ends no earlier than its Send.
//   links        Each pair of devices has links of its own, also between nodes.
//
// Transfers and collectives that start at the same time on one link take turns by first device, then by instruction.
// Where several of them share a link that has a bandwidth, they go through a heap, which adds a factor log(transfers
// under way). If devices share cores, each start and end of compute looks at all devices.
//
// Errors: InvalidArgument if `costs` does not fit the program (see CheckCosts). FailedPrecondition if the program is
// malformed or gets stuck; the message names the first instruction that cannot go on. Validate the program for reasons.
absl::StatusOr<Trace> Simulate(const Program& program, const CostModel& costs, const SimulateOptions& options = {});

// As Simulate, with a duration for each instruction in place of a cost model. Errors: InvalidArgument if `durations` do
// not fit the program (see CheckDurations); FailedPrecondition as Simulate.
absl::StatusOr<Trace> Replay(const Program& program, const Durations& durations, const SimulateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_SIMULATE_H_
