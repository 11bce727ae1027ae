// The error that ends a step. The first one wins and cancels every device, so that no worker stays blocked.
// Set by Worker and by Executor for the watchdog; read and cleared by Executor.
#ifndef BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_
#define BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_

#include <atomic>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "runtime/device/device.h"

namespace baton {

// Thread contract: any thread, but Clear only while no worker runs a step. Borrows the devices.
class FirstError {
 public:
  explicit FirstError(std::vector<Device*> devices) : devices_(std::move(devices)) {}

  // Keeps `status` (not OK) if it is the first, and then cancels all devices.
  void Set(absl::Status status) {
    {
      MutexLock lock(&mutex_);
      if (!status_.ok()) return;
      status_ = std::move(status);
    }
    is_set_.store(true, std::memory_order_release);
    for (Device* device : devices_) device->Cancel();
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
  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> is_set_{false};
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_FIRST_ERROR_H_
