// The error that ends a step. The first one wins and cancels every device, so that no worker stays blocked.
// Set by Worker and by Executor for the watchdog; read and cleared by Executor.
#ifndef BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_
#define BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "runtime/device/device.h"

namespace baton {

// Thread contract: any thread, but Clear only while no worker runs a step. Borrows the devices of this process.
class FirstError {
 public:
  // `tell` (may be null) is called with each error that Set keeps, on the thread that sets it.
  FirstError(std::vector<Device*> devices, std::function<void(const absl::Status&)> tell)
      : devices_(std::move(devices)), tell_(std::move(tell)) {}

  // Keeps `status` (not OK) if it is the first, cancels all devices, and tells.
  void Set(const absl::Status& status) {
    if (Keep(status) && tell_) tell_(status);
  }

  // The same for an error of another process, which needs not be told. Returns whether it is the first.
  bool Keep(const absl::Status& status) {
    {
      MutexLock lock(&mutex_);
      if (!status_.ok()) return false;
      status_ = status;
    }
    is_set_.store(true, std::memory_order_release);
    for (Device* device : devices_) device->Cancel();
    return true;
  }

  // Cheap: workers ask before each instruction.
  bool is_set() const { return is_set_.load(std::memory_order_acquire); }

  absl::Status status() const {
    MutexLock lock(&mutex_);
    return status_;
  }

  // Resumes all devices.
  void Clear() {
    {
      MutexLock lock(&mutex_);
      status_ = absl::OkStatus();
    }
    is_set_.store(false, std::memory_order_release);
    for (Device* device : devices_) device->Resume();
  }

 private:
  const std::vector<Device*> devices_;
  const std::function<void(const absl::Status&)> tell_;
  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> is_set_{false};
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_
