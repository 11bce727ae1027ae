// See lower_bound.h.
#include "schedules/search/lower_bound.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "schedules/search/heads_and_tails.h"
#include "schedules/search/one_machine.h"

namespace baton {
namespace {

// No host computes more than its cores can. INT64_MIN if no cores are shared.
Nanos CoresBound(const SearchProblem& problem) {
  if (!problem.cores.AreShared(problem.num_devices)) return INT64_MIN;
  std::vector<double> thread_ns;  // [host]
  for (int device = 0; device < problem.num_devices; ++device) {
    thread_ns.resize(problem.cores.HostOf(device) + 1, 0);
    Nanos work = problem.tail_ns[device];
    for (const int32_t chunk : problem.chunks_of_device[device]) {
      for (int kind = 0; kind < kNumPassKinds; ++kind) {
        work += problem.num_micro_batches * problem.duration[PassOf(chunk, static_cast<PassKind>(kind))];
      }
    }
    thread_ns.back() += static_cast<double>(work) * problem.cores.threads_each;
  }
  return static_cast<Nanos>(*std::max_element(thread_ns.begin(), thread_ns.end()) / problem.cores.cores);
}

}  // namespace

Nanos LowerBound(const SearchProblem& problem) {
  const HeadsAndTails windows(problem);
  Nanos bound = INT64_MIN;
  for (const std::vector<int32_t>& chunks : problem.chunks_of_device) {
    std::vector<PassWindow> passes;
    for (const int32_t chunk : chunks) {
      for (int kind = 0; kind < kNumPassKinds; ++kind) {
        const int32_t pass = PassOf(chunk, static_cast<PassKind>(kind));
        for (int n = 0; n < problem.num_micro_batches; ++n) {
          passes.push_back({windows.Head(pass, n), windows.Tail(pass, n), problem.duration[pass]});
        }
      }
    }
    bound = std::max(bound, PreemptiveBound(std::move(passes)));
  }
  return std::max(bound, CoresBound(problem));
}

}  // namespace baton
