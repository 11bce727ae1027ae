// Lets a measurement watch kernels: each place that enqueues work on a GPU opens a KernelScope around it.
// Used by ops/cuda, runtime/device/cuda and runtime/transport/cuda; observed by runtime/device/cuda/cuda_kernel_times.
// While nothing observes, a scope costs one load. Free of CUDA, so that kernels' files need nothing more to link.
//
//   const KernelScope scope(stream.native_handle, [&] {
//     return KernelWork{"layer_norm", absl::StrCat("pass=forward rows=", rows, " columns=", width), bytes, flops};
//   });
//   … enqueue one kernel, or several that belong together, on the stream …
#ifndef BATON_BASE_KERNEL_OBSERVER_H_
#define BATON_BASE_KERNEL_OBSERVER_H_

#include <atomic>
#include <string>
#include <utility>

namespace baton {

// The facts of one or a few kernels.
struct KernelWork {
  std::string kernel;  // as "product"; a layer's kind for a pass over memory
  std::string shape;   // "name=value" in a fixed order, as "m=16384 n=768 k=3072 a=bf16 b=bf16 c=bf16 epilogue=bias"
  double bytes = 0;    // read and written in device memory, each tensor once
  double flops = 0;
};

// Thread contract: any thread.
class KernelObserver {
 public:
  virtual ~KernelObserver() = default;
  // Called before the work is enqueued on `stream`, a cudaStream_t, on the thread that enqueues it. The result is
  // handed to End.
  virtual void* Begin(void* stream) = 0;
  // Called after the work was enqueued, on the same thread.
  virtual void End(void* stream, void* begun, KernelWork work) = 0;
};

// Null: nothing observes. Not owned. Changes only while nothing is enqueued.
inline std::atomic<KernelObserver*> kernel_observer{nullptr};

// Reports the work that is enqueued during its life. Scopes inside another one of the same thread report nothing.
class KernelScope {
 public:
  // describe(): the KernelWork; called only while something observes.
  template <typename Describe>
  KernelScope(void* stream, const Describe& describe) {
    KernelObserver* const observer = kernel_observer.load(std::memory_order_acquire);
    if (observer == nullptr || is_open) return;
    observer_ = observer;
    stream_ = stream;
    work_ = describe();
    is_open = true;
    begun_ = observer->Begin(stream);
  }
  ~KernelScope() {
    if (observer_ == nullptr) return;
    is_open = false;
    observer_->End(stream_, begun_, std::move(work_));
  }
  KernelScope(const KernelScope&) = delete;
  KernelScope& operator=(const KernelScope&) = delete;

 private:
  inline static thread_local bool is_open = false;

  KernelObserver* observer_ = nullptr;
  void* stream_ = nullptr;
  void* begun_ = nullptr;
  KernelWork work_;
};

}  // namespace baton

#endif  // BATON_BASE_KERNEL_OBSERVER_H_
