// The turns that transfers and collectives take on the links of a cost model. Used by the simulator.
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
#include "schedules/program/walk/participants.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// Both sides of a transfer that has started, or one side of a collective. `start` in nanoseconds since the step began.
struct StartedTransfer {
  Nanos start;
  InstructionRef send;
  InstructionRef recv;
  int32_t lane;
  Bytes bytes;
  int32_t group = -1;  // of a collective; `send` is then its first instruction, `recv` and `lane` are unused

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
//
// A collective occupies the links of a ring over its devices, all at once, for the bytes that they carry. Links that
// collectives use are shared. Sums of gradient norms have few bytes and take no turns.
class LinkTurns {
 public:
  // `shares`: all pairs of devices of two nodes share the link between these nodes; otherwise each pair has its own.
  LinkTurns(const Program& program, const Lanes& lanes, const CostModel& costs, bool shares)
      : lanes_(static_cast<size_t>(lanes.num_lanes())),
        free_at_(lanes_.size(), 0),
        groups_(program.reduce_groups.size()) {
    LinkOf links;
    for (int device = 0; device < program.num_devices(); ++device) {
      lanes.ForEachPeer(device, [&](int peer, int send_lane) {
        LaneLink& lane = lanes_[send_lane];
        lane.costs = costs.LinkBetween(device, peer);
        lane.link = send_lane;
        if (!shares || lane.costs.bytes_per_ns <= 0) return;
        const auto [first, is_new] = links.insert({KeyOf(costs, device, peer), send_lane});
        if (is_new) return;
        lane.link = first->second;
        lane.is_shared = lanes_[first->second].is_shared = true;
      });
    }
    if (shares && costs.link_ns.empty()) AddCollectives(program, costs, links);
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

  // Whether collectives of the group take turns: they wait as transfers on shared links do.
  bool TakesTurns(int32_t group) const { return !groups_[group].links.empty(); }
  // Gives its links to the collective, whose turn is next. Returns when it begins to use them.
  Nanos TakeForGroup(int32_t group, Nanos start) {
    for (const int32_t link : groups_[group].links) start = std::max(start, free_at_[link]);
    for (const int32_t link : groups_[group].links) free_at_[link] = start + groups_[group].occupation;
    return start;
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
  // Nodes are negative, devices are not.
  using LinkOf = std::map<std::pair<int, int>, int32_t>;
  static std::pair<int, int> KeyOf(const CostModel& costs, int from, int to) {
    const int from_node = costs.NodeOf(from), to_node = costs.NodeOf(to);
    return from_node == to_node ? std::make_pair(from, to) : std::make_pair(-1 - from_node, -1 - to_node);
  }

  // Finds the links of each group's ring, and makes those shared that transfers use as well.
  void AddCollectives(const Program& program, const CostModel& costs, LinkOf& links) {
    std::vector<bool> is_used(free_at_.size());
    for (size_t group = 0; group < groups_.size(); ++group) {
      const ReduceGroup& each = program.reduce_groups[group];
      if (each.kind == ReduceKind::kGradientNorm) continue;
      const std::vector<int32_t> devices = ParticipantsOf(program, static_cast<int>(group));
      GroupLinks& own = groups_[group];
      own.occupation = costs.ReduceOccupation(devices, each.bytes, IsWholeSum(each.kind));
      if (own.occupation <= 0) continue;
      for (size_t i = 0; i < devices.size(); ++i) {
        const int32_t from = devices[i], to = devices[(i + 1) % devices.size()];
        if (costs.LinkBetween(from, to).bytes_per_ns <= 0) continue;
        const auto [link, is_new] = links.insert({KeyOf(costs, from, to), static_cast<int32_t>(free_at_.size())});
        if (is_new) free_at_.push_back(0);
        if (!is_new && static_cast<size_t>(link->second) < is_used.size()) is_used[link->second] = true;
        own.links.push_back(link->second);
      }
    }
    for (LaneLink& lane : lanes_) lane.is_shared = lane.is_shared || is_used[lane.link];
  }

  // The links of a ring over the group's devices; empty if it takes no turns.
  struct GroupLinks {
    std::vector<int32_t> links;
    Nanos occupation = 0;  // of each of them
  };

  struct LaneLink {
    LinkCosts costs;
    int32_t link = 0;  // its index: that of the first of its lanes
    bool is_shared = false;
  };

  std::vector<LaneLink> lanes_;  // [lane]
  std::vector<Nanos> free_at_;   // [link] when its last transfer's or collective's bytes have left
  std::vector<GroupLinks> groups_;
  std::priority_queue<StartedTransfer, std::vector<StartedTransfer>, std::greater<StartedTransfer>> waiting_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_LINK_TURNS_H_
