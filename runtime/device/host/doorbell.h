// A worker sleeps on its device's doorbell until a time is set and has passed. All blocking waits of host devices, and
// the waits of CUDA devices for posted events, are here. Used by events (ring), streams (wait) and devices (cancel).
//
//   worker                                  peer's worker
//     sleeping = 1
//     event done? no
//     futex sleep                             event done = t
//        ...                                  sleeping? yes → wake
//     event done? yes, at t
//     futex sleep until t (a planned time of a transfer's latency)
//
// Both sides order their two accesses sequentially, so at least one of them sees the other's write: no wake-up is lost.
// Ringing costs one load while nobody sleeps. A futex, not a mutex with a condition variable: there is no state to
// guard.
#ifndef BATON_RUNTIME_DEVICE_HOST_DOORBELL_H_
#define BATON_RUNTIME_DEVICE_HOST_DOORBELL_H_

#include <atomic>
#include <cstdint>

#include "base/units.h"

namespace baton {

// Thread contract: Await and SleepUntil from the device's worker; Ring and Cancel from any thread; Resume while nobody
// waits. Ownership: its device's.
class Doorbell {
 public:
  Doorbell() = default;
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // Blocks until `time` is not zero and SteadyNow() has reached it; returns false if cancelled first. Polls for at most
  // `spin_ns`, yielding to other threads, before it sleeps. Stores to `time` must be sequentially consistent and be
  // followed by Ring.
  bool Await(const std::atomic<Nanos>& time, Nanos spin_ns);
  // Blocks until SteadyNow() has reached `deadline`, never less; returns false if cancelled first. Timers wake a thread
  // some 20 µs late: it asks to be woken earlier by the lateness learnt from earlier sleeps, and polls for the rest.
  bool SleepUntil(Nanos deadline);

  void Ring() {
    if (sleeping_.load(std::memory_order_seq_cst) != 0) WakeUp();
  }
  void Cancel();
  void Resume() { cancelled_.store(false, std::memory_order_relaxed); }

 private:
  void WakeUp();
  void LearnLead(Nanos late_ns);

  std::atomic<uint32_t> rings_{0};  // the futex: changes with each wake-up
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> cancelled_{false};
  Nanos wake_up_lead_ns_ = 0;  // the waiting thread's
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_DOORBELL_H_
