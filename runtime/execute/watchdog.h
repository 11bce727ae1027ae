// The watchdog notices a step without progress and reports which device waits for what. Used by Executor, on the
// launching thread.
#ifndef BATON_RUNTIME_EXECUTE_WATCHDOG_H_
#define BATON_RUNTIME_EXECUTE_WATCHDOG_H_

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/execute/worker.h"

namespace baton {

// Thread contract: one thread. Borrows the workers, which must be set up. Lifecycle: Restart, then Poll until the step
// ends; again for each step.
class Watchdog {
 public:
  Watchdog(std::vector<const Worker*> workers, Nanos timeout_ns)
      : workers_(std::move(workers)), timeout_ns_(timeout_ns) {}

  // How often to poll: a timeout is noticed at most this much too late.
  Nanos poll_period_ns() const { return timeout_ns_ / 8 + 1; }

  // Call when a step begins.
  void Restart();
  // Reads the workers' events; the workers do nothing for it. Errors: DeadlineExceeded if no device completed an
  // instruction for the timeout; the message says where each worker stands.
  absl::Status Poll();

 private:
  int64_t CountDone() const;

  const std::vector<const Worker*> workers_;
  const Nanos timeout_ns_;
  int64_t num_done_ = 0;
  Nanos progress_at_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_WATCHDOG_H_
