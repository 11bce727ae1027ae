// Counts of instructions on the path, cost by cost.
#include "schedules/analyze/cost_derivatives.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

std::vector<CostDerivative> CostDerivatives(const CostModel& costs, const Blame& blame) {
  std::vector<CostDerivative> derivatives;
  auto add = [&derivatives](const std::string& name, Nanos cost, int64_t count) {
    if (count > 0) derivatives.push_back({name, cost, static_cast<double>(count)});
  };
  int64_t loads = 0;
  for (size_t i = 0; i < blame.chunks.size() && i < costs.chunks.size(); ++i) {
    const ChunkBlame& chunk = blame.chunks[i];
    const std::string name = absl::StrCat("chunk ", i, " ");
    // A Backward takes the time of both halves.
    const int64_t both = chunk.Of(Kind::kBackward).count;
    add(name + "forward", costs.chunks[i].forward_ns, chunk.Of(Kind::kForward).count);
    add(name + "backward-input", costs.chunks[i].backward_input_ns, both + chunk.Of(Kind::kBackwardInput).count);
    add(name + "backward-weight", costs.chunks[i].backward_weight_ns, both + chunk.Of(Kind::kBackwardWeight).count);
    add(name + "recompute", costs.chunks[i].recompute_ns, chunk.Of(Kind::kRecompute).count);
    add(name + "update", costs.chunks[i].update_ns, chunk.Of(Kind::kUpdate).count);
    loads += chunk.Of(Kind::kLoad).count;
  }
  // Both directions of a link between two chunks have the same costs.
  struct Counts {
    int64_t latencies = 0, occupations = 0;
    Nanos latency = 0, occupation = 0;
  };
  std::map<int32_t, Counts> counts;
  for (const LinkBlame& link : blame.links) {
    Counts& of = counts[link.chunk];
    of.latencies += link.carried.count;
    of.occupations += link.occupations;
    const LinkCosts link_costs = costs.LinkBetween(link.from, link.to);
    of.latency = costs.link_ns.empty() ? link_costs.latency_ns : costs.LinkNs(link.chunk);
    of.occupation = costs.link_ns.empty() ? link_costs.TransmitNanos(costs.chunks[link.chunk].output_bytes) : 0;
  }
  for (const auto& [chunk, of] : counts) {
    const std::string name = absl::StrCat("link ", chunk, "-", chunk + 1);
    add(name, of.latency, of.latencies);
    if (of.occupation > 0) add(name + " bytes", of.occupation, of.occupations);
  }
  add("load", costs.load_ns, loads);
  add("reduce", costs.reduce_ns, blame.reduce.count);
  return derivatives;
}

absl::StatusOr<std::vector<CostDerivative>> SimulatedDerivatives(const Program& program, const CostModel& costs,
                                                                 const SimulateOptions& options) {
  constexpr Nanos kLeastRaise = 1000;
  CostModel raised = costs;
  std::vector<std::pair<std::string, Nanos*>> named;
  for (size_t i = 0; i < raised.chunks.size(); ++i) {
    const std::string name = absl::StrCat("chunk ", i, " ");
    ChunkCosts& chunk = raised.chunks[i];
    named.emplace_back(name + "forward", &chunk.forward_ns);
    named.emplace_back(name + "backward-input", &chunk.backward_input_ns);
    named.emplace_back(name + "backward-weight", &chunk.backward_weight_ns);
    named.emplace_back(name + "recompute", &chunk.recompute_ns);
    named.emplace_back(name + "update", &chunk.update_ns);
  }
  for (size_t i = 0; i + 1 < raised.link_ns.size(); ++i) {
    named.emplace_back(absl::StrCat("link ", i, "-", i + 1), &raised.link_ns[i]);
  }
  if (raised.link_ns.empty()) named.emplace_back("links", &raised.transfer_ns);
  named.emplace_back("load", &raised.load_ns);
  named.emplace_back("reduce", &raised.reduce_ns);
  BATON_ASSIGN_OR_RETURN(const Trace before, Simulate(program, costs, options));
  const Nanos step = StepTimeOf(before);
  std::vector<CostDerivative> derivatives;
  for (const auto& [name, cost] : named) {
    const Nanos now = *cost;
    const Nanos raise = std::max(kLeastRaise, now / 100);
    *cost += raise;
    BATON_ASSIGN_OR_RETURN(const Trace after, Simulate(program, raised, options));
    *cost = now;
    const double slope = static_cast<double>(StepTimeOf(after) - step) / static_cast<double>(raise);
    if (slope > 0) derivatives.push_back({name, now, slope});
  }
  return derivatives;
}

}  // namespace baton
