#include "schedules/simulate/simulate.h"

#include <string>

#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/simulate/simulation.h"

namespace baton {

absl::StatusOr<Trace> Simulate(const Program& program, const CostModel& costs, const SimulateOptions& options) {
  BATON_RETURN_IF_ERROR(CheckCosts(costs, program.num_chunks, program.num_micro_batches));
  if (const std::string fault =
          program.placement.FindFault(program.num_chunks, program.num_devices(), program.num_micro_batches);
      !fault.empty()) {
    return absl::FailedPreconditionError(fault);
  }
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
  return Simulation(program, costs, /*durations=*/nullptr, lanes, options.transport).Run();
}

absl::StatusOr<Trace> Replay(const Program& program, const Durations& durations, const SimulateOptions& options) {
  BATON_RETURN_IF_ERROR(CheckDurations(program, durations));
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
  return Simulation(program, CostModel(), &durations, lanes, options.transport).Run();
}

}  // namespace baton
