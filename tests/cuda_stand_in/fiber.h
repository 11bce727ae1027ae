// A stack that a host thread can switch to and from. The stand-in runs each GPU thread on one. Used by kernel_emulation
// alone.
#ifndef BATON_TESTS_CUDA_STAND_IN_FIBER_H_
#define BATON_TESTS_CUDA_STAND_IN_FIBER_H_

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>

namespace baton::stand_in {

// Runs bodies one after another on the same stack. Lifecycle: Start, then Resume until done(); then Start again. A
// fiber may be destroyed before it is done; the objects on its stack are then not destroyed. Thread contract: only the
// thread that made it.
class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // `body` must outlive the run.
  void Start(const std::function<void()>* body);
  // Runs the body until it calls Suspend or returns.
  void Resume();
  bool done() const { return body_ == nullptr; }
  // Called by the body: returns from the Resume that runs it.
  void Suspend();

 private:
  static void Main(unsigned int high, unsigned int low);

  static constexpr size_t kStackBytes = size_t{128} << 10;
  const std::unique_ptr<std::byte[]> stack_;
  const std::function<void()>* body_ = nullptr;
  ucontext_t first_context_;
  ucontext_t caller_context_;
  jmp_buf own_;
  jmp_buf caller_;
  bool begun_ = false;
};

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_FIBER_H_
