// DualPipeV: two chunks per device placed as a V. In the steady state each forward on the way down is paired with a
// backward on the way up, and each forward on the way up with a backward on the way down, so that a device that can run
// both at once hides the transfers of one behind the compute of the other. An order runs a pair in turn.
//
//   p = 2: chunks a and d on device 0, chunks b and c on device 1; pairs in parentheses
//   device 0  Fa0 Fa1 Fa2 Fd0 Id0 Wd0 Fd1 (Fa3 Bd1) (Fd2 Ba0) (Fa4 Bd2) (Fd3 Ba1) ... Bd3 (Fd4 Ba2) Bd4 Ia3 Wa3 Ia4 Wa4
//   device 1  Fb0 Fc0 Fb1 Fc1 Fb2 Bc0 (Fc2 Bb0) (Fb3 Bc1) (Fc3 Bb1) ... Bc3 Bb3 Ic4 Ib4 Wc4 Wb4
//
// Only the passes at the two ends have split backwards. The schedule needs m >= 2p; a smaller m runs as 2p without the
// missing micro-batches.
//
// DualPipe is the same on the devices of either half of the pipeline, except that the passes on the way up belong to
// the other half of the micro-batches, which entered at the other end: device i and device p−1−i each have a replica of
// both chunks. It needs m >= 2p too. With an odd p the device in the middle has one replica for both directions.
// Source: DeepSeek-AI 2025 (DualPipe, github.com/deepseek-ai/DualPipe), "DualPipeV" and "DualPipe"; DeepSeek-AI 2024
// (DeepSeek-V3), section 3.2.1, figure 5.
#include <algorithm>

#include "schedules/catalog/bidirectional.h"
#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// A device's chunk on the way down or up the V, and the micro-batches that go that way.
struct Way {
  int chunk;
  int first_micro_batch;
  int micro_batch_step;
  int num_micro_batches;
  int forwards = 0;
  int backwards = 0;
};

// Writes the actions of one device of a V of p devices.
class DeviceWriter {
 public:
  DeviceWriter(int p, int device, const Way& down, const Way& up, std::vector<Action>& actions)
      : p_(p), device_(device), down_(down), up_(up), actions_(actions) {}

  void Write() {
    const int behind = p_ - 1 - device_;
    // Each loop also ends when nothing is left to run, so that a long pipeline takes time proportional to m.
    for (int i = 0; i < 2 * behind && HasForwards(down_); ++i) Forward(down_);
    for (int i = 0; i <= device_ && (HasForwards(down_) || HasForwards(up_)); ++i) {
      Forward(down_);
      Forward(up_);
    }
    for (int i = 0; i < behind && (HasForwards(up_) || HasBackwards(up_)); ++i) {
      BackwardInput(up_);
      OldestWeight();
      Forward(up_);
    }
    const int num_steady = std::max({down_.num_micro_batches, up_.num_micro_batches, 2 * p_}) - 2 * p_ + device_ + 1;
    for (int i = 0; i < num_steady && (HasBackwards(down_) || HasBackwards(up_)); ++i) {
      // The last device has nothing in flight yet to form a pair with.
      if (i == 0 && behind == 0) {
        Forward(down_);
        Backward(up_);
      } else {
        Together(down_, up_);
      }
      Together(up_, down_);
    }
    for (int i = 0; i < behind && (HasBackwards(down_) || HasBackwards(up_)); ++i) {
      Backward(up_);
      Together(up_, down_);
    }
    WriteEnd(behind);
  }

 private:
  // The last half of the remaining backwards is split, so that earlier devices receive their gradients sooner.
  void WriteEnd(int behind) {
    for (int i = 0; i < 2 * (device_ + 1) && (HasBackwards(down_) || HasBackwards(up_)); ++i) {
      Way& way = i % 2 == 0 ? up_ : down_;
      if (i <= device_) {
        Backward(way);
      } else {
        BackwardInput(way);
      }
    }
    for (int i = 0; i < behind && HasBackwards(down_); ++i) {
      OldestWeight();
      BackwardInput(down_);
    }
    while (next_weight_ < weights_.size()) OldestWeight();
  }

  static bool HasForwards(const Way& way) { return way.forwards < way.num_micro_batches; }
  static bool HasBackwards(const Way& way) { return way.backwards < way.num_micro_batches; }

  static Action ActionOf(ActionKind kind, const Way& way, int count) {
    return {kind, way.chunk, way.first_micro_batch + count * way.micro_batch_step};
  }

  void Forward(Way& way) {
    if (HasForwards(way)) actions_.push_back(ActionOf(ActionKind::kForward, way, way.forwards));
    ++way.forwards;
  }

  void Backward(Way& way) {
    if (HasBackwards(way)) actions_.push_back(ActionOf(ActionKind::kBackward, way, way.backwards));
    ++way.backwards;
  }

  void BackwardInput(Way& way) {
    if (HasBackwards(way)) {
      actions_.push_back(ActionOf(ActionKind::kBackwardInput, way, way.backwards));
      weights_.push_back(ActionOf(ActionKind::kBackwardWeight, way, way.backwards));
    }
    ++way.backwards;
  }

  void OldestWeight() {
    if (next_weight_ < weights_.size()) actions_.push_back(weights_[next_weight_++]);
  }

  void Together(Way& forward, Way& backward) {
    Forward(forward);
    Backward(backward);
  }

  const int p_;
  const int device_;
  Way down_;
  Way up_;
  std::vector<Action> weights_;  // a queue: begins at next_weight_
  size_t next_weight_ = 0;
  std::vector<Action>& actions_;
};

}  // namespace

absl::StatusOr<ComputeOrder> MakeDualPipeVOrder(const OrderRequest& request) {
  ComputeOrder order = ZigzagOrder(request);
  const int p = request.num_stages;
  const int m = request.num_micro_batches;
  for (int device = 0; device < p; ++device) {
    DeviceWriter(p, device, {device, 0, 1, m}, {2 * p - 1 - device, 0, 1, m}, order.devices[device]).Write();
  }
  return order;
}

absl::StatusOr<ComputeOrder> MakeDualPipeOrder(const OrderRequest& request) {
  ComputeOrder order = BidirectionalOrder(request);
  const int p = request.num_stages;
  const int m = request.num_micro_batches;
  for (int device = 0; device < p; ++device) {
    // With an odd p the device in the middle belongs to the second half: each of its turns begins with the way up,
    // which the even micro-batches take, so that the backwards of its only chunk ascend.
    const bool is_first_half = device < p / 2;
    const Way even = {device, 0, 2, m / 2 + m % 2};
    const Way odd = {p - 1 - device, 1, 2, m / 2};
    DeviceWriter((p + 1) / 2, is_first_half ? device : p - 1 - device, is_first_half ? even : odd,
                 is_first_half ? odd : even, order.devices[device])
        .Write();
  }
  return order;
}

}  // namespace baton
