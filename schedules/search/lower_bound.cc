// Windows first, then diagrams; see lower_bound.h.
#include "schedules/search/lower_bound.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "schedules/search/device_diagram.h"
#include "schedules/search/heads_and_tails.h"
#include "schedules/search/one_machine.h"

namespace baton {
namespace {

// Steps of all diagrams together.
constexpr int64_t kMostDiagramSteps = 1'000'000;

Nanos PassesOf(const SearchProblem& problem, int device) {
  Nanos work = 0;
  for (const int32_t chunk : problem.chunks_of_device[device]) {
    for (int kind = 0; kind < kNumPassKinds; ++kind) {
      work += problem.num_micro_batches * problem.duration[PassOf(chunk, static_cast<PassKind>(kind))];
    }
  }
  return work;
}

// No processor computes more than its cores can. INT64_MIN if no cores are shared.
Nanos CoresBound(const SearchProblem& problem) {
  if (!problem.cores.AreShared(problem.num_devices)) return INT64_MIN;
  std::vector<double> thread_ns(problem.cores.NumProcessors(problem.num_devices));  // [processor]
  for (int device = 0; device < problem.num_devices; ++device) {
    thread_ns[problem.cores.ProcessorOf(device)] +=
        static_cast<double>(PassesOf(problem, device) + problem.tail_ns[device]) * problem.cores.threads_each;
  }
  return static_cast<Nanos>(*std::max_element(thread_ns.begin(), thread_ns.end()) / problem.cores.cores);
}

// `recompute_ns`: [chunk]; `problem` is without them.
Nanos BoundOfWindows(const SearchProblem& problem, const std::vector<Nanos>& recompute_ns,
                     const HeadsAndTails& windows) {
  Nanos bound = INT64_MIN;
  for (const std::vector<int32_t>& chunks : problem.chunks_of_device) {
    std::vector<PassWindow> passes;
    for (const int32_t chunk : chunks) {
      for (int n = 0; n < problem.num_micro_batches; ++n) {
        for (int kind = 0; kind < kNumPassKinds; ++kind) {
          const int32_t pass = PassOf(chunk, static_cast<PassKind>(kind));
          passes.push_back({windows.Head(pass, n), windows.Tail(pass, n), problem.duration[pass]});
        }
        if (recompute_ns[chunk] == 0) continue;
        const int32_t forward = PassOf(chunk, kForwardPass);
        const int32_t input = PassOf(chunk, kInputPass);
        passes.push_back({windows.Head(forward, n) + problem.duration[forward],
                          problem.duration[input] + windows.Tail(input, n), recompute_ns[chunk]});
      }
    }
    bound = std::max(bound, PreemptiveBound(std::move(passes)));
  }
  return bound;
}

// Diagrams of the busiest devices first, among equal ones those farther from the first chunk.
Nanos BoundOfDiagrams(const SearchProblem& problem, const HeadsAndTails& windows, Nanos known) {
  std::vector<int> devices(problem.num_devices);
  std::iota(devices.rbegin(), devices.rend(), 0);
  std::stable_sort(devices.begin(), devices.end(),
                   [&](int a, int b) { return PassesOf(problem, a) > PassesOf(problem, b); });
  Nanos bound = INT64_MIN;
  int64_t steps = kMostDiagramSteps;
  for (const int device : devices) {
    if (steps <= 0 || bound >= known) break;
    if (!DeviceDiagram::Takes(problem, device)) continue;
    bound = std::max(bound, DeviceDiagram(problem, windows, device).Bound(known, steps));
  }
  return bound;
}

}  // namespace

SearchProblem WithoutRecompute(SearchProblem problem) {
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    problem.duration[PassOf(chunk, kInputPass)] -= problem.recompute_ns[chunk];
  }
  return problem;
}

Nanos WindowBound(const SearchProblem& problem) {
  const SearchProblem without = WithoutRecompute(problem);
  return std::max(BoundOfWindows(without, problem.recompute_ns, HeadsAndTails(without)), CoresBound(problem));
}

Nanos LowerBound(const SearchProblem& problem, Nanos known) {
  const SearchProblem without = WithoutRecompute(problem);
  const HeadsAndTails windows(without);
  const Nanos bound = std::max(BoundOfWindows(without, problem.recompute_ns, windows), CoresBound(problem));
  if (bound >= known) return bound;
  return std::max(bound, BoundOfDiagrams(without, windows, known));
}

}  // namespace baton
