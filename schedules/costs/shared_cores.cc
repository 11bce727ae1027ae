// Processor sharing, from event to event; see shared_cores.h.
#include "schedules/costs/shared_cores.h"

#include <cmath>

namespace baton {
namespace {

// When `left` ns of work end at `speed`, from now. Rounded up, but not for the error of floating point.
Nanos TimeFor(double left, double speed) {
  const double time = left / speed;
  return static_cast<Nanos>(std::ceil(time - 1e-6 - time * 1e-12));
}

}  // namespace

CoreTurns::CoreTurns(const SharedCores& cores, int num_devices)
    : cores_(cores), works_(num_devices), hosts_(num_devices > 0 ? cores.HostOf(num_devices - 1) + 1 : 0) {}

void CoreTurns::Reset() {
  std::fill(works_.begin(), works_.end(), Work());
  std::fill(hosts_.begin(), hosts_.end(), Host());
  next_at_ = kNoEvent;
  next_ = -1;
}

void CoreTurns::Start(int device, Nanos start, Nanos work) {
  const Host& host = hosts_[cores_.HostOf(device)];
  works_[device] = {std::max(start, host.now), static_cast<double>(work), true, false};
  // The end of no other work changes before this one starts.
  if (works_[device].start < next_at_ ||
      (works_[device].start == next_at_ && device < next_ && !works_[next_].is_running)) {
    next_at_ = works_[device].start;
    next_ = device;
  }
}

int CoreTurns::Advance() {
  const int device = next_;
  const int its_host = cores_.HostOf(device);
  Host& host = hosts_[its_host];
  if (next_at_ > host.now) {
    const double done = static_cast<double>(next_at_ - host.now) * cores_.SpeedOf(host.running);
    const int size = static_cast<int>(works_.size());
    for (int other = 0; other < size; ++other) {
      Work& work = works_[other];
      if (work.is_running && cores_.HostOf(other) == its_host) work.left = std::max(0.0, work.left - done);
    }
    host.now = next_at_;
  }
  Work& own = works_[device];
  const bool ends = own.is_running;
  if (ends) {
    own = Work();
    --host.running;
  } else {
    own.is_running = true;
    ++host.running;
  }
  FindNext();
  return ends ? device : -1;
}

void CoreTurns::FindNext() {
  next_at_ = kNoEvent;
  next_ = -1;
  bool next_ends = false;
  const int size = static_cast<int>(works_.size());
  for (int device = 0; device < size; ++device) {
    const Work& work = works_[device];
    if (!work.is_under_way) continue;
    const Host& host = hosts_[cores_.HostOf(device)];
    const Nanos at =
        work.is_running ? host.now + TimeFor(work.left, cores_.SpeedOf(host.running)) : std::max(work.start, host.now);
    if (at > next_at_ || (at == next_at_ && (next_ends || !work.is_running))) continue;
    next_at_ = at;
    next_ = device;
    next_ends = work.is_running;
  }
}

}  // namespace baton
