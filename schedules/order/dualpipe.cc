// DualPipeV: two chunks per device placed as a V; in the steady state each forward on the way down runs together with a
// backward on the way up and the other way round, so that the transfers of one hide behind the compute of the other.
//
//   p = 2: chunks a and d on device 0, chunks b and c on device 1; in parentheses what runs together
//   device 0  Fa0 Fa1 Fa2 Fd0 Id0 Wd0 Fd1 (Fa3 Bd1) (Fd2 Ba0) (Fa4 Bd2) (Fd3 Ba1) ... Bd3 (Fd4 Ba2) Bd4 Ia3 Wa3 Ia4 Wa4
//   device 1  Fb0 Fc0 Fb1 Fc1 Fb2 Bc0 (Fc2 Bb0) (Fb3 Bc1) (Fc3 Bb1) ... Bc3 Bb3 Ic4 Ib4 Wc4 Wb4
//
// Only the passes at the two ends split the backward. Needs m >= 2p; with fewer it runs as for 2p and leaves out what
// belongs to micro-batches that are not there.
// Source: DeepSeek-AI 2025 (DualPipe, github.com/deepseek-ai/DualPipe), "DualPipeV"; it is the cut-in-half form of
// DeepSeek-AI 2024 (DeepSeek-V3), section 3.2.1.
#include <algorithm>

#include "schedules/order/schedules.h"

namespace baton {
namespace {

// Writes one device's actions. `down` is its chunk on the way down the V, `up` that on the way up.
class DeviceWriter {
 public:
  DeviceWriter(const OrderRequest& request, int device, std::vector<Action>& actions, std::vector<int32_t>& overlapped)
      : p_(request.num_stages),
        m_(request.num_micro_batches),
        device_(device),
        down_{device},
        up_{2 * request.num_stages - 1 - device},
        actions_(actions),
        overlapped_(overlapped) {}

  void Write() {
    const int behind = p_ - 1 - device_;
    // Each loop also ends when it has nothing left to run, which makes m the bound for a long pipeline.
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
    const int num_steady = std::max(m_, 2 * p_) - 2 * p_ + device_ + 1;
    for (int i = 0; i < num_steady && (HasBackwards(down_) || HasBackwards(up_)); ++i) {
      // The last device has nothing in flight yet that could run together.
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
  struct Way {
    int chunk;
    int forwards = 0;
    int backwards = 0;
  };

  // The last half of the remaining backwards is split, so that the devices before this one get theirs earlier.
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

  bool HasForwards(const Way& way) const { return way.forwards < m_; }
  bool HasBackwards(const Way& way) const { return way.backwards < m_; }

  void Add(ActionKind kind, int chunk, int micro_batch) {
    if (micro_batch < m_) actions_.push_back({kind, chunk, micro_batch});
  }

  void Forward(Way& way) { Add(ActionKind::kForward, way.chunk, way.forwards++); }
  void Backward(Way& way) { Add(ActionKind::kBackward, way.chunk, way.backwards++); }

  void BackwardInput(Way& way) {
    const int micro_batch = way.backwards++;
    Add(ActionKind::kBackwardInput, way.chunk, micro_batch);
    weights_.push_back({ActionKind::kBackwardWeight, way.chunk, micro_batch});
  }

  void OldestWeight() {
    if (next_weight_ == weights_.size()) return;
    const Action& weight = weights_[next_weight_++];
    Add(weight.kind, weight.chunk, weight.micro_batch);
  }

  void Together(Way& forward, Way& backward) {
    if (forward.forwards < m_ && backward.backwards < m_) overlapped_.push_back(static_cast<int32_t>(actions_.size()));
    Forward(forward);
    Backward(backward);
  }

  const int p_;
  const int m_;
  const int device_;
  Way down_;
  Way up_;
  std::vector<Action> weights_;  // a queue: begins at next_weight_
  size_t next_weight_ = 0;
  std::vector<Action>& actions_;
  std::vector<int32_t>& overlapped_;
};

}  // namespace

absl::StatusOr<ComputeOrder> MakeDualPipeVOrder(const OrderRequest& request) {
  ComputeOrder order = ZigzagOrder(request);
  order.overlapped.resize(request.num_stages);
  for (int device = 0; device < request.num_stages; ++device) {
    DeviceWriter(request, device, order.devices[device], order.overlapped[device]).Write();
  }
  return order;
}

}  // namespace baton
