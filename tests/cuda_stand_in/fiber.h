// A stack of its own that one host thread can switch to and from: what a GPU thread is to the stand-in. Used by
// kernel_emulation alone.
#ifndef BATON_TESTS_CUDA_STAND_IN_FIBER_H_
#define BATON_TESTS_CUDA_STAND_IN_FIBER_H_

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>

namespace baton::stand_in {

// Runs one body after the other, to save making stacks. Thread contract: the thread that made it, always.
// Lifecycle: Start, then Resume until done(); then Start again. One that is not done may be destroyed: what is on its
// stack is not.
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
  // By the body: back to who called Resume.
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
