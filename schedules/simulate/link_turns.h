// The turns that transfers take on the links of a cost model. Used by the simulator.
#ifndef BATON_SCHEDULES_SIMULATE_LINK_TURNS_H_
#define BATON_SCHEDULES_SIMULATE_LINK_TURNS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// Both sides of a transfer that has started. `start` in nanoseconds since the step began.
struct StartedTransfer {
  Nanos start;
  InstructionRef send;
  InstructionRef recv;
  int32_t lane;
  Bytes bytes;

  // Later turn on the link.
  friend bool operator>(const StartedTransfer& a, const StartedTransfer& b) {
    return std::tie(a.start, a.send.device, a.send.instruction) > std::tie(b.start, b.send.device, b.send.instruction);
  }
};

// Thread contract: one thread at a time. Owns its tables.
//
// A link that serves one lane only takes its transfers in the lane's order, so Take gives a transfer's end at once. A
// link that several lanes share takes them in the order of their starts, which are not found in that order. Its
// transfers wait here (Wait) until the caller has run everything that does not depend on them. The earliest of them is
// then the next: a transfer that has not started yet depends on the end of one of those that wait, so it cannot start
// earlier.
class LinkTurns {
 public:
  // `shares`: all pairs of devices of two nodes share the link between these nodes; otherwise each pair has its own.
  LinkTurns(const Program& program, const Lanes& lanes, const CostModel& costs, bool shares)
      : lanes_(static_cast<size_t>(lanes.num_lanes())), free_at_(lanes_.size(), 0) {
    std::map<std::pair<int, int>, int32_t> link_of_nodes;
    for (int device = 0; device < program.num_devices(); ++device) {
      lanes.ForEachPeer(device, [&](int peer, int send_lane) {
        LaneLink& lane = lanes_[send_lane];
        lane.costs = costs.LinkBetween(device, peer);
        lane.link = send_lane;
        if (!shares || costs.NodeOf(device) == costs.NodeOf(peer) || lane.costs.bytes_per_ns <= 0) return;
        const auto [first, is_new] = link_of_nodes.insert({{costs.NodeOf(device), costs.NodeOf(peer)}, send_lane});
        if (is_new) return;
        lane.link = first->second;
        lane.is_shared = lanes_[first->second].is_shared = true;
      });
    }
  }

  bool IsShared(int lane) const { return lanes_[lane].is_shared; }

  // Gives the link to the transfer, whose turn is next on its lane's link. Returns when the transfer ends.
  Nanos Take(int lane, Nanos start, Bytes bytes) {
    const LaneLink& own = lanes_[lane];
    if (own.costs.bytes_per_ns <= 0) return start + own.costs.latency_ns;
    Nanos& free_at = free_at_[own.link];
    free_at = std::max(free_at, start) + own.costs.TransmitNanos(bytes);
    return free_at + own.costs.latency_ns;
  }

  void Wait(const StartedTransfer& transfer) { waiting_.push(transfer); }
  bool IsAnyWaiting() const { return !waiting_.empty(); }
  // When the transfer that PopNext returns starts. Only if IsAnyWaiting().
  Nanos NextStart() const { return waiting_.top().start; }
  StartedTransfer PopNext() {
    const StartedTransfer next = waiting_.top();
    waiting_.pop();
    return next;
  }

 private:
  struct LaneLink {
    LinkCosts costs;
    int32_t link = 0;  // its index: that of the first of its lanes
    bool is_shared = false;
  };

  std::vector<LaneLink> lanes_;  // [lane]
  std::vector<Nanos> free_at_;   // [link] when its last transfer's bytes have left
  std::priority_queue<StartedTransfer, std::vector<StartedTransfer>, std::greater<StartedTransfer>> waiting_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_LINK_TURNS_H_
