// The cores that sleeping devices share: a rehearsal takes turns on them as real devices would. Used by TimedModule.
#ifndef BATON_RUNTIME_REHEARSE_REHEARSED_CORES_H_
#define BATON_RUNTIME_REHEARSE_REHEARSED_CORES_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "runtime/device/host/host_stream.h"
#include "schedules/costs/shared_cores.h"

namespace baton {

// Thread contract: any thread; each device has at most one call under way. After a call that was cancelled no other may
// follow.
class RehearsedCores {
 public:
  RehearsedCores(const SharedCores& cores, int num_devices);

  // Sleeps for as long as `work` ns (above 0) take on the cores, beside the calls of other devices. Errors: Cancelled.
  absl::Status Compute(HostStream& stream, int device, Nanos work);

 private:
  // Takes all events until now. Returns now, in nanoseconds since the first call.
  Nanos CatchUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CoreTurns turns_ ABSL_GUARDED_BY(mutex_);
  std::vector<bool> is_under_way_ ABSL_GUARDED_BY(mutex_);  // [device]
  const Nanos origin_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_REHEARSE_REHEARSED_CORES_H_
