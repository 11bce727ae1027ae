// Errors out to the control plane and in from it.
#include "runtime/train/run_executor.h"

#include <cstdint>
#include <utility>

#include "base/status.h"
#include "runtime/transport/peer.h"

namespace baton {
namespace {

// A year: a process alone cannot know whether it waits for a slow device elsewhere.
constexpr int64_t kNoWatchdogMs = int64_t{365} * 24 * 3'600 * 1'000;

}  // namespace

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
  options.on_error = [&control](const absl::Status& status) { control.Abort(status, PeerOf(status)); };
  control.SetOnFailure([processes](const absl::Status& status) { processes->Abort(status); });
  BATON_ASSIGN_OR_RETURN(run->executor_, Executor::Create(std::move(program), std::move(options)));
  Executor* const executor = run->executor_.get();
  control.SetOnFailure([executor, processes](const absl::Status& status) {
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
