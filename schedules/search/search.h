// The search for a compute order that is as short as possible for given costs within given memory, with a lower bound
// on every order. Used by compile for the schedules of searched_schedules.h, and by the tools. How it works:
// docs/search.md.
//
//   SearchOptions options;
//   options.limit.micro_batches = {6};  // for every device
//   OrderRequest request = {/*num_stages=*/8, /*num_micro_batches=*/32};
//   BATON_ASSIGN_OR_RETURN(const SearchResult result, Search(request, costs, options));
//   result.order;              // for lowering, as any order of the catalog
//   result.certificate.gap();  // 0.012: no order within the limit is more than 1.2 % shorter
#ifndef BATON_SCHEDULES_SEARCH_SEARCH_H_
#define BATON_SCHEDULES_SEARCH_SEARCH_H_

#include <algorithm>
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

// The time to minimize: the whole step, or the longest span of a device from its first pass to its last. The span is
// the right one if steps overlap (Qi et al. 2024, Zero Bubble, section 5.2).
enum class Objective { kMakespan, kSpan };

// kLoop: chunk c on device c mod p. kV: two chunks a device, placed down the devices and up again.
enum class Placement { kLoop, kV };

// The state of a running search.
struct SearchProgress {
  double seconds = 0;  // since its start
  int64_t moves = 0;
  int64_t nodes = 0;       // of branch and bound
  double share = 0;        // of the moves, nodes or seconds that the search may take, from 0 to 1
  Nanos objective_ns = 0;  // of the best order so far
  Nanos lower_bound_ns = 0;
  bool is_done = false;  // true in the last call
};

struct SearchOptions {
  Objective objective = Objective::kMakespan;
  Placement placement = Placement::kLoop;
  // Default: as many micro-batches as devices, the peak of 1F1B.
  MemoryLimit limit;
  // The number of improving moves, at least 0: with it a search is exactly repeatable. Default: as many as fit in
  // `seconds`; if that is 0 too, DefaultMoves.
  std::optional<int64_t> moves;
  // If above 0, the search stops this long after its start, or after `moves` and `exact_nodes`.
  double seconds = 0;
  uint64_t seed = 1;
  // Whether branch and bound follows the moves (by default DefaultMoves), until the order is proven to be a shortest
  // one or the budget is spent. Small problems alone are solved in seconds (docs/search.md).
  bool exact = false;
  // The most nodes of branch and bound, at least 1: with it, and without `seconds`, it is exactly repeatable. Default:
  // as many as fit in `seconds`; if that is 0 too, kDefaultNodes.
  std::optional<int64_t> exact_nodes;
  // Called about four times a second and once at the end, on the thread of the search; may be null.
  std::function<void(const SearchProgress&)> progress;
};

// How good an order is proven to be.
struct Certificate {
  Objective objective = Objective::kMakespan;
  Nanos objective_ns = 0;  // of the order, with every transfer taking the time that it has with a link of its own
  // No order in this placement within the limit is shorter. Counts turns on links, so that it may be above
  // objective_ns.
  Nanos lower_bound_ns = 0;
  // The origin of the order: "list scheduling", a squeezed pattern, a schedule of the catalog, or what was derived.
  std::string start;
  int64_t moves = 0;  // tried to improve it
  int64_t nodes = 0;  // that branch and bound visited

  // How much the order may be above the shortest one, relative to the bound; at least 0.
  double gap() const {
    if (lower_bound_ns <= 0) return 0;
    return std::max(0.0, static_cast<double>(objective_ns - lower_bound_ns) / static_cast<double>(lower_bound_ns));
  }
};

struct SearchResult {
  ComputeOrder order;
  Certificate certificate;
};

inline constexpr int64_t kDefaultNodes = 500'000;

// The number of moves from each start if the options give none: what takes some tens of milliseconds, at most 20,000.
int64_t DefaultMoves(const SearchProblem& problem);

// The problem that Search solves for a request.
struct PreparedSearch {
  SearchProblem problem;
  ActivationLimits limits;  // resolved from the options, p micro-batches if they give none
  OrderRequest request;     // with chunks_per_device filled in
};

// Errors: as Search.
absl::StatusOr<PreparedSearch> PrepareSearch(const OrderRequest& request, const CostModel& costs,
                                             const SearchOptions& options);

// Searches in four parts: list scheduling by several policies, and for a V squeezed patterns; the catalog's schedules
// of the same placement that stay within the limit; words derived from the best of both (starts.h); moves that improve
// the two shortest words in turn. The order is within the limit and no longer than any of those schedules. With
// `exact`, branch and bound follows; certificate.gap() is then 0 if it was done within its budget. The makespan
// includes the optimizer's updates, but no sums of gradients over devices.
//
// Errors: InvalidArgument if CheckRequest refuses the request, if CheckCosts refuses the costs, if the V placement has
// other than two chunks per device, if ResolveLimits or CheckFeasible refuses the limit, or if `exact` is asked for
// with layers that are recomputed, devices that share cores, or more than kMostExactPasses (exact.h).
absl::StatusOr<SearchResult> Search(const OrderRequest& request, const CostModel& costs, const SearchOptions& options);

// The order of a published schedule for a V, whose authors schedule it by the costs: `pattern`, its order for equal
// costs, if all passes take the same time; otherwise the shortest order that Search makes without moves and that never
// holds more than the fullest device of `pattern`. Of `options` it reads the objective and the weight fraction. Errors:
// InvalidArgument as Search.
absl::StatusOr<ComputeOrder> ScheduleInMemoryOf(const ComputeOrder& pattern, const OrderRequest& request,
                                                const CostModel& costs, const SearchOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SEARCH_H_
