// Windows of transfers, by link; see links_bound.h.
#include "schedules/search/links_bound.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "schedules/search/heads_and_tails.h"
#include "schedules/search/lower_bound.h"
#include "schedules/search/one_machine.h"

namespace baton {
namespace {

// Within a node each ordered pair of devices has a link; all pairs of two nodes share one in each direction.
using Link = std::tuple<bool, int, int>;  // whether it is between nodes; the nodes or the devices

Link LinkOf(const CostModel& costs, int from, int to) {
  const int from_node = costs.NodeOf(from), to_node = costs.NodeOf(to);
  return from_node == to_node ? Link{false, from, to} : Link{true, from_node, to_node};
}

class Windows {
 public:
  Windows(const SearchProblem& problem, const CostModel& costs) : problem_(problem), costs_(costs), passes_(problem) {}

  // The transfers from pass `sender` to pass `receiver`, one for each micro-batch.
  void Add(int32_t sender, int32_t receiver, Bytes bytes) {
    const int from = problem_.device_of_chunk[ChunkOf(sender)], to = problem_.device_of_chunk[ChunkOf(receiver)];
    const LinkCosts link = costs_.LinkBetween(from, to);
    const Nanos duration = link.bytes_per_ns > 0 ? link.TransmitNanos(bytes) : 0;
    if (from == to || duration == 0) return;
    std::vector<PassWindow>& transfers = transfers_[LinkOf(costs_, from, to)];
    for (int n = 0; n < problem_.num_micro_batches; ++n) {
      transfers.push_back({passes_.Head(sender, n) + problem_.duration[sender],
                           link.latency_ns + problem_.duration[receiver] + passes_.Tail(receiver, n), duration});
    }
  }

  Nanos Bound() {
    Nanos bound = INT64_MIN;
    for (auto& [link, transfers] : transfers_) bound = std::max(bound, PreemptiveBound(std::move(transfers)));
    return bound;
  }

 private:
  const SearchProblem& problem_;
  const CostModel& costs_;
  const HeadsAndTails passes_;
  std::map<Link, std::vector<PassWindow>> transfers_;
};

}  // namespace

Nanos LinksBound(const SearchProblem& problem, const CostModel& costs) {
  const bool has_bandwidth = costs.bytes_per_ns > 0 || (costs.devices_per_node > 0 && costs.inter.bytes_per_ns > 0);
  if (!has_bandwidth || !costs.link_ns.empty()) return INT64_MIN;
  const SearchProblem without = WithoutRecompute(problem);
  Windows windows(without, costs);
  for (int32_t chunk = 0; chunk + 1 < problem.num_chunks; ++chunk) {
    const Bytes bytes = costs.chunks[chunk].output_bytes;
    windows.Add(PassOf(chunk, kForwardPass), PassOf(chunk + 1, kForwardPass), bytes);
    windows.Add(PassOf(chunk + 1, kInputPass), PassOf(chunk, kInputPass), bytes);
  }
  return windows.Bound();
}

}  // namespace baton
