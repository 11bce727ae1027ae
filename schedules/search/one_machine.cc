// See one_machine.h.
#include "schedules/search/one_machine.h"

#include <algorithm>
#include <queue>

namespace baton {

template <int step>
Nanos RunMerger::Merge() {
  const auto front = [](const Run& run) { return run.times[step > 0 ? run.begin : run.end - 1]; };
  Nanos time = kLongAgo;
  for (;;) {
    Run* first = nullptr;
    for (Run& run : runs_) {
      if (run.begin == run.end) continue;
      if (first == nullptr || front(run) < front(*first)) first = &run;
    }
    if (first == nullptr) return time;
    time = std::max(time, front(*first)) + first->duration;
    if (step > 0) {
      ++first->begin;
    } else {
      --first->end;
    }
  }
}

template Nanos RunMerger::Merge<1>();
template Nanos RunMerger::Merge<-1>();

Nanos PreemptiveBound(std::vector<PassWindow> passes) {
  const auto has_shorter_tail = [](const PassWindow& a, const PassWindow& b) { return a.tail < b.tail; };
  std::sort(passes.begin(), passes.end(), [](const PassWindow& a, const PassWindow& b) { return a.head < b.head; });
  // The device always runs the pass with the longest tail; `duration` is what is left of it.
  std::priority_queue<PassWindow, std::vector<PassWindow>, decltype(has_shorter_tail)> ready(has_shorter_tail);
  Nanos now = 0;
  Nanos bound = INT64_MIN;
  for (size_t next = 0; next < passes.size() || !ready.empty();) {
    if (ready.empty()) now = std::max(now, passes[next].head);
    while (next < passes.size() && passes[next].head <= now) ready.push(passes[next++]);
    PassWindow pass = ready.top();
    ready.pop();
    const Nanos end = now + pass.duration;
    const Nanos until = next < passes.size() ? std::min(passes[next].head, end) : end;
    pass.duration -= until - now;
    now = until;
    if (pass.duration > 0) {
      ready.push(pass);
    } else {
      bound = std::max(bound, now + pass.tail);
    }
  }
  return bound;
}

}  // namespace baton
