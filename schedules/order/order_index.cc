// Checks and indexes a compute order; see order_index.h.
#include "schedules/order/order_index.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

constexpr int32_t kMissing = -1;
constexpr int32_t kElsewhere = -2;

class Indexer {
 public:
  Indexer(const ComputeOrder& order, const PositionName& name) : order_(order), name_(name) {}

  IndexedOrder Run() {
    if (!CheckShape()) return std::move(result_);
    OrderIndex& index = result_.index;
    index.num_micro_batches = order_.num_micro_batches;
    for (const std::vector<Action>& actions : order_.devices) {
      for (const Action& action : actions) {
        if (action.kind == ActionKind::kForward) continue;
        index.forward_only = false;
        break;
      }
    }
    const size_t num_keys = static_cast<size_t>(order_.num_chunks) * order_.num_micro_batches;
    index.forward.assign(num_keys, kMissing);
    if (!index.forward_only) {
      index.backward.assign(num_keys, kMissing);
      index.weight.assign(num_keys, kMissing);
      index.recompute.assign(num_keys, kMissing);
    }
    last_added_.assign(order_.placement.replicas().size(), -1);
    for (device_ = 0; device_ < order_.num_devices(); ++device_) AddDevice();
    CheckWhole();
    return std::move(result_);
  }

 private:
  void Add(OrderViolation violation) {
    if (result_.violations.size() < kMostOrderViolations) {
      result_.violations.push_back(std::move(violation));
    } else {
      ++result_.num_more;
    }
  }

  void Report(int position, const std::string& what) {
    Add({device_, position, absl::StrCat(FormatAction(order_.devices[device_][position]), " ", what)});
  }

  std::string Name(int position) const { return name_(device_, position); }

  bool CheckShape() {
    auto report = [this](const std::string& what) {
      Add({-1, -1, what});
      return false;
    };
    if (order_.num_chunks < 1 || order_.num_micro_batches < 1 ||
        int64_t{order_.num_chunks} * order_.num_micro_batches > kMaxForwards) {
      return report(absl::StrCat(order_.num_chunks, " chunks and ", order_.num_micro_batches,
                                 " micro-batches; each must be at least 1, their product at most ", kMaxForwards));
    }
    // Device -1 means a chunk without any action; CheckWhole reports it.
    const int lowest_device = order_.placement.num_replicas() == 1 ? -1 : 0;
    const std::string fault =
        order_.placement.FindFault(order_.num_chunks, order_.num_devices(), order_.num_micro_batches, lowest_device);
    if (!fault.empty()) return report(fault);
    return true;
  }

  void AddDevice() {
    const size_t first = result_.violations.size();
    const std::vector<Action>& actions = order_.devices[device_];
    early_.clear();
    for (int position = 0; position < static_cast<int>(actions.size()); ++position) Index(actions[position], position);
    for (int position : early_) CheckEarly(actions[position], position);
    std::stable_sort(result_.violations.begin() + first, result_.violations.end(),
                     [](const OrderViolation& a, const OrderViolation& b) { return a.position < b.position; });
  }

  void Index(const Action& action, int position) {
    if (action.chunk < 0 || action.chunk >= order_.num_chunks) {
      return Report(position, absl::StrCat("names no existing chunk; chunks are 0 to ", order_.num_chunks - 1));
    }
    if (action.micro_batch < 0 || action.micro_batch >= order_.num_micro_batches) {
      return Report(position,
                    absl::StrCat("names no existing micro-batch; they are 0 to ", order_.num_micro_batches - 1));
    }
    OrderIndex& index = result_.index;
    const size_t key = index.Key(action.chunk, action.micro_batch);
    const int32_t device = order_.DeviceOf(action.chunk, action.micro_batch);
    if (device != device_) return IndexElsewhere(action, position, device, key);
    switch (action.kind) {
      case ActionKind::kForward:
        Put(index.forward[key], position);
        return;
      case ActionKind::kBackward:
        if (index.forward[key] < 0) early_.push_back(position);
        if (index.weight[key] >= 0) {
          return Report(position, absl::StrCat("repeats the backward-weight at ", Name(index.weight[key])));
        }
        if (Put(index.backward[key], position)) CheckAscends(action, position);
        return;
      case ActionKind::kBackwardInput:
        if (index.forward[key] < 0) early_.push_back(position);
        Put(index.backward[key], position);
        return;
      case ActionKind::kBackwardWeight: {
        const int32_t backward = index.backward[key];
        if (backward < 0) early_.push_back(position);
        if (backward >= 0 && order_.devices[device_][backward].kind == ActionKind::kBackward) {
          return Report(position, absl::StrCat("is already part of the backward at ", Name(backward)));
        }
        if (Put(index.weight[key], position)) CheckAscends(action, position);
        return;
      }
      case ActionKind::kRecompute:
        return IndexRecompute(position, key);
    }
    Report(position, "is no known action");
  }

  void IndexRecompute(int position, size_t key) {
    OrderIndex& index = result_.index;
    if (index.forward[key] < 0) early_.push_back(position);
    if (index.backward[key] >= 0) {
      Report(position, absl::StrCat("comes after its backward at ", Name(index.backward[key])));
    }
    Put(index.recompute[key], position);
  }

  // Marks work on a wrong device, so that it is not reported as missing too.
  void IndexElsewhere(const Action& action, int position, int32_t device, size_t key) {
    Report(position, absl::StrCat("is of chunk ", action.chunk, ", which is on device ", device));
    if (action.kind == ActionKind::kRecompute) return;
    OrderIndex& index = result_.index;
    int32_t& entry = action.kind == ActionKind::kForward          ? index.forward[key]
                     : action.kind == ActionKind::kBackwardWeight ? index.weight[key]
                                                                  : index.backward[key];
    if (entry == kMissing) entry = kElsewhere;
  }

  bool Put(int32_t& entry, int position) {
    if (entry >= 0) {
      Report(position, absl::StrCat("is repeated; first at ", Name(entry)));
      return false;
    }
    entry = position;
    return true;
  }

  void CheckAscends(const Action& action, int position) {
    int32_t& last = last_added_[order_.placement.IndexOf(action.chunk, action.micro_batch)];
    if (action.micro_batch < last && !result_.descent) {
      result_.descent = {device_, position,
                         absl::StrCat(FormatAction(action), " comes after micro-batch ", last,
                                      "; a chunk's gradients are added in ascending micro-batch order")};
    }
    last = action.micro_batch;
  }

  // Reports an action that comes before its own chunk's forward or backward-input. If that is nowhere on the device, it
  // is reported as missing instead.
  void CheckEarly(const Action& action, int position) {
    const OrderIndex& index = result_.index;
    const size_t key = index.Key(action.chunk, action.micro_batch);
    if (action.kind == ActionKind::kBackwardWeight) {
      if (index.backward[key] > position) Report(position, "comes before its backward-input");
    } else if (index.forward[key] > position) {
      Report(position, "comes before its forward");
    }
  }

  void CheckWhole() {
    for (int chunk = 0; chunk < order_.num_chunks; ++chunk) {
      if (order_.placement.FirstDeviceOf(chunk) < 0) {
        int last = chunk;
        while (last + 1 < order_.num_chunks && order_.placement.FirstDeviceOf(last + 1) < 0) ++last;
        Add({-1, -1,
             chunk == last ? absl::StrCat("chunk ", chunk, " has no work on any device")
                           : absl::StrCat("chunks ", chunk, " to ", last, " have no work on any device")});
        chunk = last;
        continue;
      }
      CheckChunk(chunk);
    }
  }

  void CheckChunk(int chunk) {
    const OrderIndex& index = result_.index;
    const size_t first_key = index.Key(chunk, 0);
    constexpr ActionKind kNothing = static_cast<ActionKind>(-1);
    ReportMissing(chunk, [&](int micro_batch) {
      return index.forward[first_key + micro_batch] == kMissing ? ActionKind::kForward : kNothing;
    });
    if (index.forward_only) return;
    ReportMissing(chunk, [&](int micro_batch) {
      const size_t key = first_key + micro_batch;
      if (index.backward[key] != kMissing) return kNothing;
      return index.weight[key] == kMissing ? ActionKind::kBackward : ActionKind::kBackwardInput;
    });
    ReportMissing(chunk, [&](int micro_batch) {
      const size_t key = first_key + micro_batch;
      const int32_t backward = index.backward[key];
      if (index.weight[key] != kMissing || backward < 0) return kNothing;
      const std::vector<Action>& actions = order_.devices[order_.DeviceOf(chunk, micro_batch)];
      return actions[backward].kind == ActionKind::kBackwardInput ? ActionKind::kBackwardWeight : kNothing;
    });
  }

  // `missing` returns the kind of work that a micro-batch lacks. A long run of micro-batches is one violation.
  template <typename IsMissing>
  void ReportMissing(int chunk, IsMissing missing) {
    constexpr int kLongRun = 16;
    for (int begin = 0, end = 0; begin < order_.num_micro_batches; begin = end) {
      const ActionKind kind = missing(begin);
      end = begin + 1;
      if (static_cast<int>(kind) < 0) continue;
      const int32_t device = order_.DeviceOf(chunk, begin);
      while (end < order_.num_micro_batches && missing(end) == kind && order_.DeviceOf(chunk, end) == device) ++end;
      if (end - begin > kLongRun) {
        Add({device, -1,
             absl::StrCat(FormatAction({kind, chunk, begin}), " to ", FormatAction({kind, chunk, end - 1}),
                          " are missing")});
        continue;
      }
      for (int each = begin; each < end; ++each) {
        Add({device, -1, absl::StrCat(FormatAction({kind, chunk, each}), " is missing")});
      }
    }
  }

  const ComputeOrder& order_;
  const PositionName& name_;
  IndexedOrder result_;
  std::vector<int32_t> last_added_;  // [entry of the placement]: the micro-batch whose gradients were added last
  std::vector<int> early_;           // positions of the device whose forward or backward-input was not before them
  int device_ = 0;
};

}  // namespace

std::string PlainPosition(int, int position) { return absl::StrCat("position ", position); }

std::string FormatOrderViolation(const OrderViolation& violation, const PositionName& name) {
  if (violation.device < 0) return absl::StrCat("order: ", violation.message);
  if (violation.position < 0) return absl::StrCat("device ", violation.device, ": ", violation.message);
  return absl::StrCat("device ", violation.device, " ", name(violation.device, violation.position), ": ",
                      violation.message);
}

IndexedOrder IndexUncheckedOrder(const ComputeOrder& order, const PositionName& name) {
  return Indexer(order, name).Run();
}

absl::StatusOr<OrderIndex> IndexOrder(const ComputeOrder& order, bool gradients_ascend) {
  const PositionName name = PlainPosition;
  IndexedOrder indexed = IndexUncheckedOrder(order, name);
  if (!indexed.violations.empty()) {
    return absl::InvalidArgumentError(FormatOrderViolation(indexed.violations.front(), name));
  }
  if (gradients_ascend && indexed.descent) {
    return absl::InvalidArgumentError(FormatOrderViolation(*indexed.descent, name));
  }
  return std::move(indexed.index);
}

absl::Status ActionError(const ComputeOrder& order, int device, int position, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("device ", device, " position ", position, ": ",
                                                 FormatAction(order.devices[device][position]), " ", what));
}

}  // namespace baton
