// Event-driven walk over a compute order; see time_order.h.
#include "schedules/lower/time_order.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

// Durations of one chunk's actions, by ActionKind.
struct Durations {
  Nanos of[5];
};

std::vector<Durations> HintDurations(const CostModel& costs, bool& has_transfers) {
  Nanos sum = 0;
  for (const ChunkCosts& chunk : costs.chunks) sum += chunk.forward_ns + chunk.backward_ns();
  const bool units = sum == 0;
  has_transfers = !units;
  std::vector<Durations> durations;
  durations.reserve(costs.chunks.size());
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const ChunkCosts& chunk = costs.chunks[i];
    const Nanos forward = units ? 1 : std::max<Nanos>(chunk.forward_ns, 1);
    const Nanos input = units ? 1 : std::max<Nanos>(chunk.backward_input_ns, 1);
    const Nanos weight = units ? 1 : std::max<Nanos>(chunk.backward_weight_ns, 1);
    const int num_loads = (i == 0 ? 1 : 0) + (i + 1 == costs.chunks.size() ? 1 : 0);
    const Nanos load = units ? 0 : num_loads * costs.load_ns;
    const Nanos recompute = units ? 1 : std::max<Nanos>(chunk.recompute_ns, 1);
    durations.push_back({{load + forward, input + weight, input, weight, recompute}});
  }
  return durations;
}

// The position of an action.
struct ActionRef {
  int device = -1;
  int position = -1;
};

class Walk {
 public:
  Walk(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs)
      : order_(order), index_(index), costs_(costs) {
    durations_ = HintDurations(costs, times_.has_transfers);
    cursors_.assign(order.num_devices(), 0);
    times_.start.resize(order.num_devices());
    times_.end.resize(order.num_devices());
    for (int device = 0; device < order.num_devices(); ++device) {
      times_.start[device].resize(order.devices[device].size());
      times_.end[device].resize(order.devices[device].size());
    }
  }

  absl::StatusOr<OrderTimes> Run() {
    for (int device = order_.num_devices() - 1; device >= 0; --device) runnable_.push_back(device);
    while (!runnable_.empty()) {
      const int device = runnable_.back();
      runnable_.pop_back();
      Advance(device);
    }
    for (int device = 0; device < order_.num_devices(); ++device) {
      if (cursors_[device] < static_cast<int>(order_.devices[device].size())) return CycleError(device);
    }
    return std::move(times_);
  }

 private:
  // The action on another chunk that `action` reads from; none if device is -1. What it reads from its own chunk is
  // earlier on its own device: IndexOrder has checked that.
  ActionRef Source(const Action& action) const {
    if (action.kind == ActionKind::kForward) return At(index_.forward, action.chunk - 1, action.micro_batch);
    if (IsWithinChunk(action.kind)) return {};
    return At(index_.backward, action.chunk + 1, action.micro_batch);
  }

  // The action on another chunk that reads from `action`.
  ActionRef Sink(const Action& action) const {
    if (action.kind == ActionKind::kForward) return At(index_.forward, action.chunk + 1, action.micro_batch);
    if (IsWithinChunk(action.kind)) return {};
    return At(index_.backward, action.chunk - 1, action.micro_batch);
  }

  ActionRef At(const std::vector<int32_t>& positions, int chunk, int micro_batch) const {
    if (chunk < 0 || chunk >= order_.num_chunks) return {};
    return {order_.DeviceOf(chunk, micro_batch), positions[index_.Key(chunk, micro_batch)]};
  }

  // From the end of what `action` reads to its start.
  Nanos Latency(int from, int to, const Action& action) const {
    if (!times_.has_transfers) return 0;
    const ChunkCosts& chunk = costs_.chunks[action.chunk];
    const bool is_forward = action.kind == ActionKind::kForward;
    return costs_.TransferNanos(is_forward ? action.chunk - 1 : action.chunk, from, to,
                                is_forward ? chunk.input_bytes : chunk.output_bytes);
  }

  // Runs the device's actions until one waits for another device.
  void Advance(int device) {
    const std::vector<Action>& actions = order_.devices[device];
    int position = cursors_[device];
    Nanos now = position == 0 ? 0 : times_.end[device][position - 1];
    for (; position < static_cast<int>(actions.size()); ++position) {
      const Action& action = actions[position];
      const ActionRef source = Source(action);
      if (source.device >= 0) {
        const bool is_done =
            source.device == device ? source.position < position : source.position < cursors_[source.device];
        if (!is_done) break;
        const Nanos latency = source.device == device ? 0 : Latency(source.device, device, action);
        now = std::max(now, times_.end[source.device][source.position] + latency);
      }
      times_.start[device][position] = now;
      now += durations_[action.chunk].of[static_cast<int>(action.kind)];
      times_.end[device][position] = now;
      cursors_[device] = position + 1;
      const ActionRef sink = Sink(action);
      if (sink.device >= 0 && sink.device != device && cursors_[sink.device] == sink.position) {
        runnable_.push_back(sink.device);
      }
    }
  }

  // Follows what each stuck device waits for until a device comes up again.
  absl::Status CycleError(int device) const {
    std::vector<bool> seen(order_.num_devices(), false);
    while (!seen[device]) {
      seen[device] = true;
      device = Source(Next(device)).device;
    }
    const int first = device;
    std::string what = "can never run:";
    do {
      const ActionRef source = Source(Next(device));
      absl::StrAppend(&what, device == first ? " " : "; ", FormatAction(Next(device)), " waits for ",
                      FormatAction(order_.devices[source.device][source.position]), " (device ", source.device,
                      " position ", source.position, ")");
      device = source.device;
      if (device != first) absl::StrAppend(&what, ", which is after ", FormatAction(Next(device)));
    } while (device != first);
    return ActionError(order_, first, cursors_[first], what);
  }

  const Action& Next(int device) const { return order_.devices[device][cursors_[device]]; }

  const ComputeOrder& order_;
  const OrderIndex& index_;
  const CostModel& costs_;
  std::vector<Durations> durations_;  // [chunk]
  std::vector<int> cursors_;          // [device]
  std::vector<int> runnable_;         // devices whose next action may have become ready
  OrderTimes times_;
};

}  // namespace

absl::StatusOr<OrderTimes> TimeOrder(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs) {
  return Walk(order, index, costs).Run();
}

}  // namespace baton
