// The list scheduler; see fill_weights.h.
#include "schedules/catalog/fill_weights.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

class Filler {
 public:
  Filler(int max_live, WhenIdle when_idle, ComputeOrder& order)
      : max_live_(max_live),
        when_idle_(when_idle),
        order_(order),
        devices_(order.devices.size()),
        forwards_done_(order.num_chunks, 0),
        backwards_done_(order.num_chunks, 0) {
    for (size_t device = 0; device < devices_.size(); ++device) {
      devices_[device].passes = std::move(order.devices[device]);
      order.devices[device].clear();
      order.devices[device].reserve(devices_[device].passes.size() / 2 * 3);
    }
  }

  absl::Status Run() {
    std::vector<int> awake;
    for (int device = 0; device < static_cast<int>(devices_.size()); ++device) awake.push_back(device);
    std::vector<Action> ran;
    std::vector<int> next_awake;
    // One round is one unit of time. A device that can run nothing sleeps until one of its inputs is done.
    while (!awake.empty()) {
      ran.clear();
      next_awake.clear();
      ++now_;
      for (int device : awake) {
        if (!RunOne(device)) continue;
        ran.push_back(order_.devices[device].back());
        Wake(device, next_awake);
      }
      for (const Action& action : ran) Finish(action, next_awake);
      awake.swap(next_awake);
    }
    for (size_t device = 0; device < devices_.size(); ++device) {
      if (order_.devices[device].size() < devices_[device].passes.size() / 2 * 3) {
        return absl::InternalError(
            absl::StrCat("order: ", max_live_, " activations are too few for device ", device, " to go on"));
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Device {
    std::vector<Action> passes;   // the given forwards and backward-inputs
    size_t next = 0;              // index into passes
    std::vector<Action> weights;  // a queue of backward-weights that are ready; it begins at next_weight
    size_t next_weight = 0;
    int live = 0;        // activations
    int next_early = 0;  // micro-batch of the next forward of the first chunk
    int64_t woken = -1;  // the last round for which it was put among the awake
  };

  void Wake(int device, std::vector<int>& awake) {
    if (devices_[device].woken == now_) return;
    devices_[device].woken = now_;
    awake.push_back(device);
  }

  bool IsReady(const Device& device, const Action& action) const {
    if (action.kind == ActionKind::kForward) {
      return device.live < max_live_ && (action.chunk == 0 || forwards_done_[action.chunk - 1] > action.micro_batch);
    }
    return forwards_done_[action.chunk] > action.micro_batch &&
           (action.chunk + 1 == order_.num_chunks || backwards_done_[action.chunk + 1] > action.micro_batch);
  }

  // Runs one action on the device; false if none can run.
  bool RunOne(int index) {
    Device& device = devices_[index];
    auto ran_early = [&](const Action& action) {
      return action.kind == ActionKind::kForward && action.chunk == index && action.micro_batch < device.next_early;
    };
    while (device.next < device.passes.size() && ran_early(device.passes[device.next])) ++device.next;
    if (device.next < device.passes.size() && IsReady(device, device.passes[device.next])) {
      Append(index, device.passes[device.next++]);
      return true;
    }
    if (device.next_weight < device.weights.size()) {
      Append(index, device.weights[device.next_weight++]);
      return true;
    }
    const Action early = {ActionKind::kForward, index, device.next_early};
    if (when_idle_ == WhenIdle::kRunAhead && device.next_early < order_.num_micro_batches &&
        device.live + 1 < max_live_ && IsReady(device, early)) {
      Append(index, early);
      return true;
    }
    return false;
  }

  void Append(int index, const Action& action) {
    Device& device = devices_[index];
    order_.devices[index].push_back(action);
    switch (action.kind) {
      case ActionKind::kForward:
        ++device.live;
        if (action.chunk == index) device.next_early = action.micro_batch + 1;
        break;
      case ActionKind::kBackwardInput:
        device.weights.push_back({ActionKind::kBackwardWeight, action.chunk, action.micro_batch});
        break;
      case ActionKind::kBackwardWeight:
        --device.live;
        break;
      case ActionKind::kBackward:
      case ActionKind::kRecompute:
        break;
    }
  }

  // Marks the action as done and wakes the device that reads its result.
  void Finish(const Action& action, std::vector<int>& awake) {
    if (action.kind == ActionKind::kBackwardWeight) return;
    const bool is_forward = action.kind == ActionKind::kForward;
    ++(is_forward ? forwards_done_ : backwards_done_)[action.chunk];
    const int reader = is_forward ? action.chunk + 1 : action.chunk - 1;
    if (reader >= 0 && reader < order_.num_chunks) Wake(order_.placement.FirstDeviceOf(reader), awake);
  }

  const int max_live_;
  const WhenIdle when_idle_;
  ComputeOrder& order_;
  int64_t now_ = 0;
  std::vector<Device> devices_;
  std::vector<int> forwards_done_;   // [chunk]: the number of micro-batches
  std::vector<int> backwards_done_;  // [chunk]
};

}  // namespace

absl::Status FillBackwardWeights(int max_live, WhenIdle when_idle, ComputeOrder& order) {
  return Filler(max_live, when_idle, order).Run();
}

}  // namespace baton
