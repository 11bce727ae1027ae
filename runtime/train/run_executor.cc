// Errors out to the control plane and in from it.
#include "runtime/train/run_executor.h"

#include <cstdint>
#include <functional>
#include <utility>

#include "base/status.h"
#include "runtime/transport/peer.h"

namespace baton {
absl::StatusOr<std::unique_ptr<RunExecutor>> RunExecutor::Create(std::shared_ptr<const Program> program,
                                                                 ExecutorOptions options, Control& control,
                                                                 ProcessTransport* processes) {
  std::unique_ptr<RunExecutor> run(new RunExecutor(control, processes));
  if (processes == nullptr) {
    BATON_ASSIGN_OR_RETURN(run->executor_, Executor::Create(std::move(program), std::move(options)));
    return run;
  }
  const absl::Duration timeout = absl::Milliseconds(options.watchdog_timeout_ms);
  options.watchdog_timeout_ms = kNoWatchdogMs;
  const std::function<void(const absl::Status&)> on_error =
      options.on_error ? options.on_error : [](const absl::Status&) {};
  options.on_error = [&control, on_error](const absl::Status& status) {
    on_error(status);
    control.Abort(status, PeerOf(status));
  };
  control.SetOnFailure([processes, on_error](const absl::Status& status) {
    on_error(status);
    processes->Abort(status);
  });
  BATON_ASSIGN_OR_RETURN(run->executor_, Executor::Create(std::move(program), std::move(options)));
  Executor* const executor = run->executor_.get();
  control.SetOnFailure([executor, processes, on_error](const absl::Status& status) {
    on_error(status);
    executor->Cancel(status);
    processes->Abort(status);
  });
  run->reporter_ = std::make_unique<ProgressReporter>(executor, &control, timeout);
  return run;
}

RunExecutor::~RunExecutor() {
  if (processes_ != nullptr) control_.SetOnFailure(nullptr);
}

absl::Status RunExecutor::AwaitConnected() {
  if (processes_ == nullptr) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(processes_->AwaitConnected());
  return control_.Barrier();
}

}  // namespace baton
