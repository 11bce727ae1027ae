// A rehearsal: the real executor on devices that sleep, in one process or in several. Used by `baton rehearse`.
//
//   BATON_ASSIGN_OR_RETURN(plan, ShareRehearsal(control, std::move(plan)));      // rank 0's, in all processes
//   BATON_ASSIGN_OR_RETURN(const auto rehearsal, Rehearsal::Create(plan, control));
//   BATON_RETURN_IF_ERROR(rehearsal->RunStep(trace));
#ifndef BATON_TOOLS_BATON_REHEARSAL_H_
#define BATON_TOOLS_BATON_REHEARSAL_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/device/device.h"
#include "runtime/process/control.h"
#include "runtime/rehearse/timed_module.h"
#include "runtime/train/process_transport.h"
#include "runtime/train/run_executor.h"
#include "runtime/transport/local/local_transport.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Each device has threads of its own; a machine limits the threads of a process.
inline constexpr int kMostRehearsedDevices = 1024;

struct RehearsalPlan {
  std::shared_ptr<const Program> program;
  CostModel costs;
  int steps = 0;
  Nanos longest = 0;  // of all predicted instructions
};

// `plan` of rank 0 in all processes, which need not have one. Errors: those of the control plane; Internal for a plan
// that cannot be read.
absl::StatusOr<RehearsalPlan> ShareRehearsal(Control& control, RehearsalPlan plan);

// Whether the devices of each processor are in one process. Only then can a rehearsal over several take turns on shared
// cores: a process does not know when devices of others compute. Errors: those of DealDevices.
absl::StatusOr<bool> AreCoresWithinProcesses(const SharedCores& cores, int num_devices, int num_processes);

// Thread contract: one thread at a time. Borrows the control plane.
class Rehearsal {
 public:
  // All processes call it with the same plan. Transfers between devices of one process take the plan's time on its
  // links; those between processes take what they take, without any bytes. Errors: InvalidArgument if there are more
  // processes than devices; those of devices, transports and the executor.
  static absl::StatusOr<std::unique_ptr<Rehearsal>> Create(const RehearsalPlan& plan, Control& control);

  // Runs one step. In rank 0 `trace` gets the intervals of all devices. Errors: those of the executor.
  absl::Status RunStep(Trace& trace);

 private:
  Rehearsal(const RehearsalPlan& plan, Control& control) : program_(plan.program), control_(control) {}
  absl::Status CreateDevices(const CostModel& costs);
  absl::Status CreateTransport(const CostModel& costs);
  absl::Status CreateExecutor(Nanos longest);

  const std::shared_ptr<const Program> program_;
  Control& control_;
  std::vector<int> rank_of_device_;
  std::vector<std::unique_ptr<Device>> devices_;       // null: in another process
  std::unique_ptr<RehearsedCores> cores_;              // null: each device has a core of its own
  std::vector<std::unique_ptr<TimedModule>> modules_;  // null: in another process
  std::unique_ptr<LocalTransport> local_;
  std::unique_ptr<ProcessTransport> processes_;  // null in a run of one process
  std::unique_ptr<RunExecutor> run_;
};

}  // namespace baton

#endif  // BATON_TOOLS_BATON_REHEARSAL_H_
