// Fibers start by makecontext, then switch by _setjmp and _longjmp, which make no system call.
#include "tests/cuda_stand_in/fiber.h"

#include <cstdint>

namespace baton::stand_in {

// The stack stays uninitialised, so that only used pages take memory.
Fiber::Fiber() : stack_(new std::byte[kStackBytes]) {}

void Fiber::Start(const std::function<void()>* body) {
  body_ = body;
  if (begun_) return;
  getcontext(&first_context_);
  first_context_.uc_stack.ss_sp = stack_.get();
  first_context_.uc_stack.ss_size = kStackBytes;
  first_context_.uc_link = nullptr;
  const uintptr_t self = reinterpret_cast<uintptr_t>(this);
  makecontext(&first_context_, reinterpret_cast<void (*)()>(&Fiber::Main), 2, static_cast<unsigned int>(self >> 32),
              static_cast<unsigned int>(self));
}

void Fiber::Resume() {
  if (_setjmp(caller_) != 0) return;
  if (begun_) _longjmp(own_, 1);
  begun_ = true;
  swapcontext(&caller_context_, &first_context_);
}

void Fiber::Suspend() {
  if (_setjmp(own_) == 0) _longjmp(caller_, 1);
}

void Fiber::Main(unsigned int high, unsigned int low) {
  Fiber* const self = reinterpret_cast<Fiber*>((uintptr_t{high} << 32) | low);
  for (;;) {
    (*self->body_)();
    self->body_ = nullptr;
    self->Suspend();
  }
}

}  // namespace baton::stand_in
