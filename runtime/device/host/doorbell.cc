// Waiting and waking by futex.
#include "runtime/device/host/doorbell.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/device/clock.h"

namespace baton {
namespace {

constexpr Nanos kNanosPerSecond = 1'000'000'000;
constexpr Nanos kForever = -1;
// The largest lead: all of it may have to be polled.
constexpr Nanos kMaxWakeUpLead = 30'000;

// Sleeps while `word` is `value`, until `deadline` at the latest. May return spuriously, so callers check their
// condition again.
void FutexWait(std::atomic<uint32_t>& word, uint32_t value, Nanos deadline) {
  timespec until;
  until.tv_sec = deadline / kNanosPerSecond;
  until.tv_nsec = deadline % kNanosPerSecond;
  // The BITSET form takes an absolute time of CLOCK_MONOTONIC.
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, value,
          deadline == kForever ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

bool Doorbell::Await(const std::atomic<Nanos>& time, Nanos spin_ns) {
  Nanos at = time.load(std::memory_order_acquire);
  if (at == 0 && spin_ns > 0) {
    const Nanos spin_until = SteadyNow() + spin_ns;
    while (at == 0 && SteadyNow() < spin_until && !cancelled_.load(std::memory_order_relaxed)) {
      sched_yield();
      at = time.load(std::memory_order_acquire);
    }
  }
  if (at == 0) {
    sleeping_.store(1, std::memory_order_seq_cst);
    for (;;) {
      const uint32_t rings = rings_.load(std::memory_order_seq_cst);
      at = time.load(std::memory_order_seq_cst);
      if (at != 0 || cancelled_.load(std::memory_order_seq_cst)) break;
      FutexWait(rings_, rings, kForever);
    }
    sleeping_.store(0, std::memory_order_seq_cst);
    if (at == 0) return false;
  }
  return SleepUntil(at);
}

bool Doorbell::SleepUntil(Nanos deadline) {
  const Nanos wake_at = deadline - wake_up_lead_ns_;
  for (;;) {
    const uint32_t rings = rings_.load(std::memory_order_seq_cst);
    if (SteadyNow() >= wake_at) break;
    if (cancelled_.load(std::memory_order_seq_cst)) return false;
    FutexWait(rings_, rings, wake_at);
    LearnLead(SteadyNow() - wake_at);
  }
  while (SteadyNow() < deadline) sched_yield();
  return true;
}

void Doorbell::LearnLead(Nanos late_ns) {
  if (late_ns < 0) return;  // rung, not timed out
  // Rises slowly and falls fast, so that the lead follows the least lateness, which is the kernel's own, and not the
  // lateness caused by other threads on the core. A longer lead would be spent polling.
  const Nanos difference = late_ns - wake_up_lead_ns_;
  wake_up_lead_ns_ += difference > 0 ? difference / 16 : difference / 2;
  if (wake_up_lead_ns_ > kMaxWakeUpLead) wake_up_lead_ns_ = kMaxWakeUpLead;
}

void Doorbell::Cancel() {
  cancelled_.store(true, std::memory_order_seq_cst);
  WakeUp();
}

void Doorbell::WakeUp() {
  rings_.fetch_add(1, std::memory_order_seq_cst);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&rings_), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace baton
