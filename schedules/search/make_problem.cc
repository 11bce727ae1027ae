// PrepareSearch: from a request, costs and limits to a SearchProblem; see search.h.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/search/search.h"

namespace baton {
namespace {

Nanos RecomputeNanos(const ChunkCosts& cost) { return cost.can_recompute ? cost.recompute_ns : 0; }

// Fills in durations and links. The first chunk loads its input right before its forward, so that load counts. The last
// chunk may load its targets while the device waits for the activation: that load counts as nothing, so that the bound
// stays a lower bound.
void TakeTimes(const CostModel& costs, SearchProblem& problem) {
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    const ChunkCosts& cost = costs.chunks[chunk];
    const int num_loads = chunk > 0 ? 0 : problem.num_chunks == 1 ? 2 : 1;
    problem.duration.push_back(cost.forward_ns + num_loads * costs.load_ns);
    // A recomputation runs right before the backward-input.
    problem.duration.push_back(cost.backward_input_ns + RecomputeNanos(cost));
    problem.recompute_ns.push_back(RecomputeNanos(cost));
    problem.duration.push_back(cost.backward_weight_ns);
    const bool is_link =
        chunk + 1 < problem.num_chunks && problem.device_of_chunk[chunk] != problem.device_of_chunk[chunk + 1];
    problem.link_ns.push_back(is_link ? costs.TransferNanos(chunk, problem.device_of_chunk[chunk],
                                                            problem.device_of_chunk[chunk + 1], cost.output_bytes)
                                      : 0);
  }
}

std::vector<Nanos> TailsOf(const CostModel& costs, Objective objective, const SearchProblem& problem) {
  std::vector<Nanos> tails(problem.num_devices, 0);
  if (objective == Objective::kMakespan) {
    for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
      tails[problem.device_of_chunk[chunk]] += costs.chunks[chunk].update_ns;
    }
    return tails;
  }
  Nanos start = 0;
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    const int32_t device = problem.device_of_chunk[chunk];
    const Nanos load_ns = problem.duration[PassOf(chunk, kForwardPass)] - costs.chunks[chunk].forward_ns;
    if (chunk == problem.chunks_of_device[device].front()) tails[device] = -(start + load_ns);
    start += problem.duration[PassOf(chunk, kForwardPass)] + problem.link_ns[chunk];
  }
  return tails;
}

}  // namespace

absl::StatusOr<PreparedSearch> PrepareSearch(const OrderRequest& request, const CostModel& costs,
                                             const SearchOptions& options) {
  PreparedSearch prepared;
  prepared.request = request;
  const bool is_v = options.placement == Placement::kV;
  if (prepared.request.chunks_per_device == 0) prepared.request.chunks_per_device = is_v ? 2 : 1;
  BATON_RETURN_IF_ERROR(CheckRequest(prepared.request));
  if (is_v && prepared.request.chunks_per_device != 2) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.chunks_per_device: ", prepared.request.chunks_per_device,
                                                   "; pipeline.search.placement V takes exactly 2 chunks per device"));
  }
  const ComputeOrder placed = is_v ? ZigzagOrder(prepared.request) : LoopedOrder(prepared.request);
  SearchProblem& problem = prepared.problem;
  problem.num_devices = placed.num_devices();
  problem.num_chunks = placed.num_chunks;
  problem.num_micro_batches = placed.num_micro_batches;
  problem.device_of_chunk = placed.placement.DevicesOfReplica(0);
  BATON_RETURN_IF_ERROR(CheckCosts(costs, problem.num_chunks, problem.num_micro_batches));
  problem.chunks_of_device.resize(problem.num_devices);
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    problem.chunks_of_device[problem.device_of_chunk[chunk]].push_back(chunk);
  }
  problem.first_pass.push_back(0);
  for (const auto& chunks : problem.chunks_of_device) {
    const int32_t passes = static_cast<int32_t>(chunks.size()) * kNumPassKinds * problem.num_micro_batches;
    problem.first_pass.push_back(problem.first_pass.back() + passes);
  }
  TakeTimes(costs, problem);
  problem.tail_ns = TailsOf(costs, options.objective, problem);
  // The span of a device begins at a time that on shared cores depends on the order.
  const bool takes_turns = options.objective == Objective::kMakespan && costs.cores.AreShared(problem.num_devices);
  if (takes_turns) problem.cores = costs.cores;

  MemoryLimit limit = options.limit;
  if (!limit.is_given()) limit.micro_batches = {static_cast<double>(problem.num_devices)};
  BATON_ASSIGN_OR_RETURN(prepared.limits, ResolveLimits(limit, costs, problem.num_devices));
  BATON_RETURN_IF_ERROR(CheckFeasible(prepared.limits, problem.device_of_chunk));
  problem.activation = prepared.limits.activation;
  problem.weight_activation = prepared.limits.weight_activation;
  problem.limit = prepared.limits.limit;
  return prepared;
}

}  // namespace baton
