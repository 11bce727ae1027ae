// Counts of instructions on the path, cost by cost.
#include "schedules/analyze/cost_derivatives.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace baton {

std::vector<CostDerivative> CostDerivatives(const CostModel& costs, const Blame& blame) {
  std::vector<CostDerivative> derivatives;
  auto add = [&derivatives](const std::string& name, Nanos cost, int64_t count) {
    if (count > 0) derivatives.push_back({name, cost, count});
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

}  // namespace baton
