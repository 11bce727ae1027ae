// The executor of one process of a run, bound to the other processes: an error here ends the step everywhere, one
// elsewhere ends it here, and rank 0 ends a run that hangs. Used by training sessions and by `baton rehearse`.
//
//   BATON_ASSIGN_OR_RETURN(run_, RunExecutor::Create(program, options, control, processes));
//   … run_->executor().AddProgram …, in all processes alike
//   BATON_RETURN_IF_ERROR(run_->AwaitConnected());
#ifndef BATON_RUNTIME_TRAIN_RUN_EXECUTOR_H_
#define BATON_RUNTIME_TRAIN_RUN_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/execute/executor.h"
#include "runtime/process/control.h"
#include "runtime/train/process_transport.h"
#include "runtime/train/progress_reporter.h"
#include "schedules/program/program.h"

namespace baton {

// For executors of one process that others watch: a year, since a process alone cannot know whether it waits for a slow
// device elsewhere.
inline constexpr int64_t kNoWatchdogMs = int64_t{365} * 24 * 3'600 * 1'000;

// Thread contract: see Executor. Borrows the control plane and the transport.
class RunExecutor {
 public:
  // `options`: watchdog_timeout_ms holds for the whole run; on_error is also called with the errors of other processes.
  // `processes`: null in a run of one process. Errors: those of Executor::Create.
  static absl::StatusOr<std::unique_ptr<RunExecutor>> Create(std::shared_ptr<const Program> program,
                                                             ExecutorOptions options, Control& control,
                                                             ProcessTransport* processes);
  ~RunExecutor();
  RunExecutor(const RunExecutor&) = delete;
  RunExecutor& operator=(const RunExecutor&) = delete;

  Executor& executor() const { return *executor_; }
  // Returns when all processes are connected with those that they exchange anything with. Errors: those of the
  // transport and of the control plane.
  absl::Status AwaitConnected();

 private:
  RunExecutor(Control& control, ProcessTransport* processes) : control_(control), processes_(processes) {}

  Control& control_;
  ProcessTransport* const processes_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<ProgressReporter> reporter_;  // null in a run of one process
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_RUN_EXECUTOR_H_
