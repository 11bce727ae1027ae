// Runs CoreTurns by the clock; see rehearsed_cores.h.
#include "runtime/rehearse/rehearsed_cores.h"

#include "base/status.h"
#include "runtime/device/clock.h"

namespace baton {

RehearsedCores::RehearsedCores(const SharedCores& cores, int num_devices)
    : turns_(cores, num_devices), is_under_way_(num_devices), origin_(SteadyNow()) {}

absl::Status RehearsedCores::Compute(HostStream& stream, int device, Nanos work) {
  {
    MutexLock lock(&mutex_);
    turns_.Start(device, CatchUp(), work);
    is_under_way_[device] = true;
  }
  for (;;) {
    Nanos next = 0;
    {
      MutexLock lock(&mutex_);
      CatchUp();
      if (!is_under_way_[device]) return absl::OkStatus();
      // Work of another device that starts later delays this one; work that ends hastens it, and its end is known.
      next = turns_.NextEvent();
    }
    BATON_RETURN_IF_ERROR(stream.SleepUntil(origin_ + next));
  }
}

Nanos RehearsedCores::CatchUp() {
  const Nanos now = SteadyNow() - origin_;
  while (turns_.NextEvent() <= now) {
    if (const int ended = turns_.Advance(); ended >= 0) is_under_way_[ended] = false;
  }
  return now;
}

}  // namespace baton
