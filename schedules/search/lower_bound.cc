// See lower_bound.h.
#include "schedules/search/lower_bound.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "schedules/search/heads_and_tails.h"
#include "schedules/search/one_machine.h"

namespace baton {

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
  return bound;
}

}  // namespace baton
