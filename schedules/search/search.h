// The search for a compute order that is as short as possible for given costs within given memory, with a bound that
// says how much shorter any order could be. Used by compile for the schedules of searched_schedules.h, and by the
// tools.
#ifndef BATON_SCHEDULES_SEARCH_SEARCH_H_
#define BATON_SCHEDULES_SEARCH_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "schedules/catalog/order_request.h"
#include "schedules/costs/activation_limits.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/search/search_problem.h"

namespace baton {

// What is made short: the whole step; or the longest time from a device's own first pass to its last, which is right
// where steps overlap (Qi et al. 2024, Zero Bubble, section 5.2).
enum class Objective { kMakespan, kSpan };

// Chunk c is on device c mod p; or, of two chunks a device, down the devices and up again.
enum class Placement { kLoop, kV };

// How far a search is.
struct SearchProgress {
  double seconds = 0;
  int64_t moves = 0;
  Nanos objective_ns = 0;
  Nanos lower_bound_ns = 0;
  bool is_done = false;  // the last call
};

struct SearchOptions {
  Objective objective = Objective::kMakespan;
  Placement placement = Placement::kLoop;
  // If none is given: as many micro-batches as devices, which is what 1F1B holds.
  MemoryLimit limit;
  // Moves of the improving part; unset: those of `seconds`, or without that DefaultMoves. Exactly repeatable.
  std::optional<int64_t> moves;
  // If above 0: moves until so much time has passed since the start of the search, or `moves` are done.
  double seconds = 0;
  uint64_t seed = 1;
  // Called now and then, from the thread of the search; may be null.
  std::function<void(const SearchProgress&)> progress;
};

// What is known of an order.
struct Certificate {
  Objective objective = Objective::kMakespan;
  Nanos objective_ns = 0;    // of the order, transfers taking their links' latency and no more
  Nanos lower_bound_ns = 0;  // no order within the limit is shorter
  std::string start;         // what it came from: "list scheduling" or a schedule of the catalog
  int64_t moves = 0;         // that were tried to improve it

  // How much longer than the bound, relative to it.
  double gap() const {
    if (lower_bound_ns <= 0) return 0;
    return static_cast<double>(objective_ns - lower_bound_ns) / static_cast<double>(lower_bound_ns);
  }
};

struct SearchResult {
  ComputeOrder order;
  Certificate certificate;
};

// Moves where nothing is said: as many as take some tens of milliseconds, at most 20,000.
int64_t DefaultMoves(const SearchProblem& problem);

// The problem that a request asks for. `limits` as resolved from the options, with p micro-batches where none is given.
// Errors: as Search.
struct PreparedSearch {
  SearchProblem problem;
  ActivationLimits limits;
  OrderRequest request;  // complete
};
absl::StatusOr<PreparedSearch> PrepareSearch(const OrderRequest& request, const CostModel& costs,
                                             const SearchOptions& options);

// The best of list scheduling by several policies and of the catalog's schedules of the same placement that keep the
// limit, then improved by moves. Never over the limit; never longer than any of those schedules. The optimizer's steps
// count for the makespan, reductions do not.
// Errors: InvalidArgument for a request that CheckRequest refuses, costs of other chunks than the request's, the V
// placement without two chunks per device, and limits that ResolveLimits or CheckFeasible refuses.
absl::StatusOr<SearchResult> Search(const OrderRequest& request, const CostModel& costs, const SearchOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCH_H_
