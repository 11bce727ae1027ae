// The event of host devices: it stores the time at which it is done. Made by HostDevice; completed by HostStream and by
// transport/local.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_EVENT_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_EVENT_H_

#include <atomic>

#include "base/units.h"
#include "runtime/device/clock.h"
#include "runtime/device/device.h"
#include "runtime/device/host/doorbell.h"

namespace baton {

// Thread contract: see Event. Ownership: CompleteAt may still ring after the waiter went on, so an event and its device
// must live until all workers are joined. Only streams of its own device may wait for it, since it rings that device's
// doorbell.
class HostEvent final : public Event {
 public:
  explicit HostEvent(Doorbell* doorbell) : doorbell_(doorbell) {}

  void Reset() override { done_at_.store(0, std::memory_order_relaxed); }
  bool Posted() const override { return done_at_.load(std::memory_order_acquire) != 0; }
  bool Done() const override {
    const Nanos at = done_at_.load(std::memory_order_acquire);
    return at != 0 && at <= SteadyNow();
  }
  Nanos DoneAt() const override { return done_at_.load(std::memory_order_acquire); }

  // Makes the event done from `at` on. `at` may be in the future, which is how rehearsals model a transfer's latency:
  // waiters sleep until then, and Done() is false until then. Earlier writes are visible to a thread that sees it done.
  void CompleteAt(Nanos at) {
    done_at_.store(at, std::memory_order_seq_cst);
    doorbell_->Ring();
  }

  const std::atomic<Nanos>& done_at() const { return done_at_; }

 private:
  std::atomic<Nanos> done_at_{0};  // 0: not posted
  Doorbell* const doorbell_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_EVENT_H_
