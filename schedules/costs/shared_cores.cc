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
    : cores_(cores), works_(num_devices), processors_(cores.NumProcessors(num_devices)) {}

void CoreTurns::Reset() {
  std::fill(works_.begin(), works_.end(), Work());
  std::fill(processors_.begin(), processors_.end(), Processor());
  next_at_ = kNoEvent;
  next_ = -1;
}

void CoreTurns::Start(int device, Nanos start, Nanos work) {
  const Processor& processor = processors_[cores_.ProcessorOf(device)];
  works_[device] = {std::max(start, processor.now), static_cast<double>(work), true, false};
  // The end of no other work changes before this one starts.
  if (works_[device].start < next_at_ ||
      (works_[device].start == next_at_ && device < next_ && !works_[next_].is_running)) {
    next_at_ = works_[device].start;
    next_ = device;
  }
}

int CoreTurns::Advance() {
  const int device = next_;
  const int its_processor = cores_.ProcessorOf(device);
  Processor& processor = processors_[its_processor];
  if (next_at_ > processor.now) {
    const double done = static_cast<double>(next_at_ - processor.now) * cores_.SpeedOf(processor.running);
    const int size = static_cast<int>(works_.size());
    for (int other = 0; other < size; ++other) {
      Work& work = works_[other];
      if (work.is_running && cores_.ProcessorOf(other) == its_processor) work.left = std::max(0.0, work.left - done);
    }
    processor.now = next_at_;
  }
  Work& own = works_[device];
  const bool ends = own.is_running;
  if (ends) {
    own = Work();
    --processor.running;
  } else {
    own.is_running = true;
    ++processor.running;
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
    const Processor& processor = processors_[cores_.ProcessorOf(device)];
    const Nanos at = work.is_running ? processor.now + TimeFor(work.left, cores_.SpeedOf(processor.running))
                                     : std::max(work.start, processor.now);
    if (at > next_at_ || (at == next_at_ && (next_ends || !work.is_running))) continue;
    next_at_ = at;
    next_ = device;
    next_ends = work.is_running;
  }
}

}  // namespace baton
