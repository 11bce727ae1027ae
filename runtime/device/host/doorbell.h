// How a device's worker sleeps until a time is set and has passed: the one place where the host runtime blocks.
// Used by HostEvent (rings), HostStream (waits) and HostDevice (cancels).
//
//   worker                                  peer's worker
//     sleeping = 1
//     event done? no
//     futex sleep                             event done = t
//        ...                                  sleeping? yes → wake
//     event done? yes, at t
//     futex sleep until t (a planned time of a transfer's latency)
//
// Both sides order their two accesses sequentially, so at least one sees what the other wrote: no wake-up is lost, and
// ringing costs one load while nobody sleeps.
#ifndef BATON_RUNTIME_DEVICE_HOST_DOORBELL_H_
#define BATON_RUNTIME_DEVICE_HOST_DOORBELL_H_

#include <atomic>
#include <cstdint>

#include "base/units.h"

namespace baton {

// Thread contract: Await and SleepUntil from one thread, the device's worker; Ring and Cancel from any; Resume while
// nobody waits.
class Doorbell {
 public:
  Doorbell() = default;
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // Blocks until `time` is not zero and SteadyNow() has reached it; false if cancelled before that. Polls for at most
  // `spin_ns`, giving way to other threads, before it sleeps. Whoever stores into `time` does so sequentially
  // consistently and rings.
  bool Await(const std::atomic<Nanos>& time, Nanos spin_ns);
  // Blocks until SteadyNow() has reached `deadline`, never less; false if cancelled before that. Timers wake a thread
  // some 20 µs late, so it asks to be woken that much earlier, as learnt from sleep to sleep, and polls the rest.
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
