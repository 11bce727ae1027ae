// Finds cycles of waits; see wait_cycles.h.
//
// Runs every action that can run. The next action of each stuck device waits for a stuck action of another device, so
// following these waits leads into a cycle. It may not be the shortest: a later action may close a shorter one. So a
// breadth-first search over waits looks for the shortest. To wait for an action is to wait for all actions before it on
// its device. So the search reaches, on each device, all actions up to some position, and visits each action once.
//
//   device 0  …│ 0B0 ──────▶ 1B0 on device 1     actions after the bar are stuck; the cycle is
//   device 1  …│ 1F1  1B0                        0B0 → 1B0, after 1F1 → 0F1, after 0B0
//                └─────────▶ 0F1 on device 0
#include "schedules/verify/wait_cycles.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

namespace baton {
namespace {

// Limit on the visits of all searches together. When it is reached, the shortest cycle so far is the result.
constexpr int64_t kMostVisits = 20'000'000;
constexpr size_t kMostCycles = 1000;
constexpr size_t kMostLocal = kMostOrderViolations;  // cycles of one

struct ActionRef {
  int32_t device = -1;
  int32_t position = -1;
};

class Finder {
 public:
  Finder(const ComputeOrder& order, const OrderIndex& index)
      : order_(order), index_(index), cursors_(order.num_devices(), 0), reached_(order.num_devices(), -1) {}

  WaitCycles Run() {
    RunUntilStuck();
    FindLocal();
    const size_t num_local = cycles_.size();
    std::vector<bool> is_done(order_.num_devices(), false);  // in a cycle already, or known to lead into one
    std::vector<OrderWait> best;
    for (int device = 0; device < order_.num_devices(); ++device) Shortest(device, best);
    if (!best.empty()) Keep(best, is_done);
    for (int device = 0; device < order_.num_devices() && cycles_.size() < num_local + kMostCycles; ++device) {
      std::vector<OrderWait> cycle = FollowHeads(device, is_done);
      if (cycle.empty()) continue;
      std::vector<OrderWait> shorter;
      for (const OrderWait& wait : cycle) Shortest(wait.device, shorter);
      const bool is_apart = std::none_of(shorter.begin(), shorter.end(),
                                         [&](const OrderWait& wait) { return in_cycle_.count(wait.device) > 0; });
      Keep(!shorter.empty() && is_apart ? shorter : cycle, is_done);
    }
    return {std::move(cycles_), num_more_};
  }

 private:
  bool IsStuck(int device) const { return cursors_[device] < static_cast<int>(order_.devices[device].size()); }

  ActionRef At(const std::vector<int32_t>& positions, int chunk, int micro_batch) const {
    if (chunk < 0 || chunk >= order_.num_chunks || positions.empty()) return {};
    const int32_t position = positions[index_.Key(chunk, micro_batch)];
    if (position < 0) return {};
    return {order_.DeviceOf(chunk, micro_batch), position};
  }

  bool IsInRange(const Action& action) const {
    return action.chunk >= 0 && action.chunk < order_.num_chunks && action.micro_batch >= 0 &&
           action.micro_batch < order_.num_micro_batches;
  }

  // The action of another chunk whose result `action` reads; no device if it is missing.
  ActionRef Source(const Action& action) const {
    if (!IsInRange(action)) return {};
    if (action.kind == ActionKind::kForward) return At(index_.forward, action.chunk - 1, action.micro_batch);
    if (IsWithinChunk(action.kind)) return {};
    return At(index_.backward, action.chunk + 1, action.micro_batch);
  }

  // As Source, but only an action on another device that has not run.
  ActionRef StuckSource(int device, int position) const {
    const ActionRef source = Source(order_.devices[device][position]);
    if (source.device < 0 || source.device == device || source.position < cursors_[source.device]) return {};
    return source;
  }

  void RunUntilStuck() {
    // [device]: (position, waiting device), the earliest position first. Repeated actions wait too, so a table of the
    // single reader of each result would not do.
    using Waiting = std::pair<int32_t, int32_t>;
    std::vector<std::priority_queue<Waiting, std::vector<Waiting>, std::greater<Waiting>>> waiting(
        order_.num_devices());
    std::vector<int> runnable;
    for (int device = order_.num_devices() - 1; device >= 0; --device) runnable.push_back(device);
    while (!runnable.empty()) {
      const int device = runnable.back();
      runnable.pop_back();
      ActionRef source;
      while (IsStuck(device) && (source = StuckSource(device, cursors_[device])).device < 0) ++cursors_[device];
      if (IsStuck(device)) waiting[source.device].push({source.position, device});
      while (!waiting[device].empty() && waiting[device].top().first < cursors_[device]) {
        runnable.push_back(waiting[device].top().second);
        waiting[device].pop();
      }
    }
  }

  // Finds the actions that come before the action of their own device whose result they read.
  void FindLocal() {
    for (int32_t device = 0; device < order_.num_devices(); ++device) {
      for (int32_t position = 0; position < static_cast<int32_t>(order_.devices[device].size()); ++position) {
        const ActionRef source = Source(order_.devices[device][position]);
        if (source.device != device || source.position < position) continue;
        if (cycles_.size() >= kMostLocal) {
          ++num_more_;
          continue;
        }
        cycles_.push_back({{device, position, device, source.position}});
      }
    }
  }

  // Replaces `best` by the shortest cycle through the device `start`, if that is shorter.
  void Shortest(int start, std::vector<OrderWait>& best) {
    for (int position = cursors_[start]; position < static_cast<int>(order_.devices[start].size()); ++position) {
      if (best.size() == 2 || visits_ > kMostVisits) return;  // no cycle over devices is shorter
      ++visits_;
      if (StuckSource(start, position).device >= 0) Search({start, position}, best);
    }
  }

  // One step of a search: the wait `from` reached all actions of its source device up to its source position.
  struct Step {
    OrderWait from;
    int32_t first;  // the first position that was new
    int parent;
  };

  void Search(ActionRef start, std::vector<OrderWait>& best) {
    std::vector<Step> steps;
    const auto reach = [&](ActionRef from, int parent) {
      const ActionRef source = StuckSource(from.device, from.position);
      if (source.device < 0 || source.position <= reached_[source.device]) return;
      const int32_t first = std::max<int32_t>(reached_[source.device] + 1, cursors_[source.device]);
      reached_[source.device] = source.position;
      steps.push_back({{from.device, from.position, source.device, source.position}, first, parent});
    };
    reach(start, -1);
    // Steps are in the order of their depth.
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step step = steps[i];
      if (step.from.source_device == start.device && step.from.source_position >= start.position) {
        std::vector<OrderWait> cycle;
        for (int at = static_cast<int>(i); at >= 0; at = steps[at].parent) cycle.push_back(steps[at].from);
        std::reverse(cycle.begin(), cycle.end());
        if (best.empty() || cycle.size() < best.size()) best = std::move(cycle);
        break;
      }
      if (visits_ > kMostVisits) break;
      for (int32_t position = step.first; position <= step.from.source_position; ++position) {
        ++visits_;
        reach({step.from.source_device, position}, static_cast<int>(i));
      }
    }
    for (const Step& step : steps) reached_[step.from.source_device] = -1;
  }

  // The cycle that the devices' next actions lead into from `device`; empty if it shares a device with a known one.
  std::vector<OrderWait> FollowHeads(int32_t device, std::vector<bool>& is_done) const {
    std::vector<OrderWait> path;
    while (IsStuck(device) && !is_done[device]) {
      is_done[device] = true;
      const ActionRef source = StuckSource(device, cursors_[device]);
      path.push_back({device, cursors_[device], source.device, source.position});
      device = source.device;
    }
    const auto first =
        std::find_if(path.begin(), path.end(), [device](const OrderWait& wait) { return wait.device == device; });
    std::vector<OrderWait> cycle(first, path.end());
    for (const OrderWait& wait : cycle) {
      if (in_cycle_.count(wait.device) > 0) return {};
    }
    return cycle;
  }

  void Keep(const std::vector<OrderWait>& cycle, std::vector<bool>& is_done) {
    for (const OrderWait& wait : cycle) {
      is_done[wait.device] = true;
      in_cycle_.insert(wait.device);
    }
    cycles_.push_back(cycle);
  }

  const ComputeOrder& order_;
  const OrderIndex& index_;
  std::vector<int32_t> cursors_;  // [device]: what is before has run
  std::vector<int32_t> reached_;  // [device], of one search
  std::set<int32_t> in_cycle_;    // devices of the cycles found
  int64_t visits_ = 0;
  int64_t num_more_ = 0;
  std::vector<std::vector<OrderWait>> cycles_;
};

}  // namespace

WaitCycles FindWaitCycles(const ComputeOrder& order, const OrderIndex& index) { return Finder(order, index).Run(); }

}  // namespace baton
