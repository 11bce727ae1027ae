// Times kernels by pairs of events around them, and adds up what it measured by kernel and shape. Used by
// runtime/machine for `baton train --kernel-table`.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_KERNEL_TIMES_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_KERNEL_TIMES_H_

#include <cuda_runtime_api.h>

#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/kernel_observer.h"
#include "base/mutex.h"

namespace baton {

// A pair's time runs from the end of the work before it on its stream, or from when the GPU reaches the first event if
// the stream was idle, so a stream that runs out of work shows the host's time to launch. Not for captures: events that
// a graph records have no times.
//
// Lifecycle: observes from construction to destruction; both while nothing is enqueued. Thread contract: any thread.
class CudaKernelTimes final : public KernelObserver {
 public:
  CudaKernelTimes();
  ~CudaKernelTimes() override;

  struct Row {
    KernelWork work;
    std::vector<float> micros;  // of each time that it ran, ascending
  };

  // Waits for all kernels. The rows with the largest sums of times come first. Errors: those of CUDA calls since
  // construction.
  absl::StatusOr<std::vector<Row>> Rows();

  void* Begin(void* stream) override;
  void End(void* stream, void* begun, KernelWork work) override;

 private:
  struct Pair {
    int gpu = 0;
    cudaEvent_t begin = nullptr;
    cudaEvent_t end = nullptr;
    KernelWork work;
  };

  absl::StatusOr<Pair*> StartPair(cudaStream_t stream);
  absl::Status Finish(cudaStream_t stream, Pair* pair, KernelWork work);
  // Takes the time of the oldest pair and its events back; waits for it. Returns false if it is not done and `wait` is
  // false.
  absl::StatusOr<bool> TakeOldest(bool wait) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(absl::Status status);

  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // the first error
  std::deque<Pair*> pending_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::vector<Pair*>> free_ ABSL_GUARDED_BY(mutex_);  // [GPU]
  std::map<std::pair<std::string, std::string>, Row> rows_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_KERNEL_TIMES_H_
