// Reading progress from the workers' events.
#include "runtime/execute/watchdog.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/device/clock.h"

namespace baton {

void Watchdog::Restart() {
  num_done_ = -1;
  progress_at_ = SteadyNow();
}

absl::Status Watchdog::Poll() {
  const int64_t num_done = CountDone();
  const Nanos now = SteadyNow();
  // Compares for inequality, since workers reset their events when a step begins.
  if (num_done != num_done_) {
    num_done_ = num_done;
    progress_at_ = now;
    return absl::OkStatus();
  }
  if (now - progress_at_ < timeout_ns_) return absl::OkStatus();
  std::string message = absl::StrCat("no instruction was done for ", timeout_ns_ / 1'000'000, " ms");
  for (const Worker* worker : workers_) {
    const std::string position = worker->DescribePosition();
    if (!position.empty()) absl::StrAppend(&message, "; ", position);
  }
  return absl::DeadlineExceededError(message);
}

int64_t Watchdog::CountDone() const {
  int64_t count = 0;
  for (const Worker* worker : workers_) count += worker->NumDone();
  return count;
}

}  // namespace baton
