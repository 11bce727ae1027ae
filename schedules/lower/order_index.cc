// Checks and indexes a compute order; see order_index.h.
#include "schedules/lower/order_index.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/order/order_request.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

absl::Status CheckShape(const ComputeOrder& order) {
  if (order.num_chunks < 1 || order.num_micro_batches < 1 ||
      int64_t{order.num_chunks} * order.num_micro_batches > kMaxForwards) {
    return absl::InvalidArgumentError(absl::StrCat("order: ", order.num_chunks, " chunks and ", order.num_micro_batches,
                                                   " micro-batches; each must be at least 1, their product at most ",
                                                   kMaxForwards));
  }
  const std::vector<int8_t>& copies = order.copy_of_micro_batch;
  if (!copies.empty() && copies.size() != static_cast<size_t>(order.num_micro_batches)) {
    return absl::InvalidArgumentError(
        absl::StrCat("order: ", copies.size(), " micro-batches have a copy; there are ", order.num_micro_batches));
  }
  int num_copies = 1;
  for (int8_t copy : copies) {
    if (copy < 0) return absl::InvalidArgumentError(absl::StrCat("order: copy ", copy, "; must be at least 0"));
    num_copies = std::max(num_copies, copy + 1);
  }
  if (order.device_of_chunk.size() != static_cast<size_t>(num_copies) * order.num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat("order: ", order.device_of_chunk.size(),
                                                   " chunks are placed on devices; there are ",
                                                   int64_t{num_copies} * order.num_chunks));
  }
  for (size_t i = 0; i < order.device_of_chunk.size(); ++i) {
    const int device = order.device_of_chunk[i];
    if (device < 0 || device >= order.num_devices()) {
      return absl::InvalidArgumentError(absl::StrCat("order: chunk ", i % order.num_chunks, " is on device ", device,
                                                     "; there are ", order.num_devices(), " devices"));
    }
  }
  return absl::OkStatus();
}

// Puts the actions of one device into the index.
class DeviceIndexer {
 public:
  DeviceIndexer(const ComputeOrder& order, int device, std::vector<int32_t>& last_added, OrderIndex& index)
      : order_(order), device_(device), last_added_(last_added), index_(index) {}

  absl::Status AddAll() {
    const std::vector<Action>& actions = order_.devices[device_];
    for (int position = 0; position < static_cast<int>(actions.size()); ++position) {
      BATON_RETURN_IF_ERROR(Add(actions[position], position));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Error(int position, const std::string& what) const {
    return ActionError(order_, device_, position, what);
  }

  absl::Status Add(const Action& action, int position) {
    if (action.chunk < 0 || action.chunk >= order_.num_chunks) {
      return Error(position, absl::StrCat("names a chunk that is not there; chunks are 0 to ", order_.num_chunks - 1));
    }
    if (action.micro_batch < 0 || action.micro_batch >= order_.num_micro_batches) {
      return Error(position,
                   absl::StrCat("names a micro-batch that is not there; they are 0 to ", order_.num_micro_batches - 1));
    }
    const int32_t device = order_.DeviceOf(action.chunk, action.micro_batch);
    if (device != device_) {
      return Error(position, absl::StrCat("is of chunk ", action.chunk, ", which is on device ", device));
    }
    const size_t key = index_.Key(action.chunk, action.micro_batch);
    switch (action.kind) {
      case ActionKind::kForward:
        return Put(index_.forward[key], position);
      case ActionKind::kBackward:
        if (index_.forward[key] < 0) return Error(position, "comes before its forward");
        if (index_.weight[key] >= 0) return Error(position, "repeats a backward-weight");
        BATON_RETURN_IF_ERROR(Put(index_.backward[key], position));
        return CheckAscends(action, position);
      case ActionKind::kBackwardInput:
        if (index_.forward[key] < 0) return Error(position, "comes before its forward");
        return Put(index_.backward[key], position);
      case ActionKind::kBackwardWeight:
        if (index_.backward[key] < 0) return Error(position, "comes before its backward-input");
        if (order_.devices[device_][index_.backward[key]].kind == ActionKind::kBackward) {
          return Error(position, absl::StrCat("is already part of the backward at position ", index_.backward[key]));
        }
        BATON_RETURN_IF_ERROR(Put(index_.weight[key], position));
        return CheckAscends(action, position);
    }
    return Error(position, "is no known action");
  }

  absl::Status Put(int32_t& entry, int position) const {
    if (entry >= 0) return Error(position, absl::StrCat("is repeated; first at position ", entry));
    entry = position;
    return absl::OkStatus();
  }

  absl::Status CheckAscends(const Action& action, int position) {
    // Copies of a chunk that meet on one device are one: they add to the same gradients.
    size_t copy = action.chunk;
    while (order_.device_of_chunk[copy] != device_) copy += order_.num_chunks;
    int32_t& last = last_added_[copy];
    if (action.micro_batch < last) {
      return Error(position, absl::StrCat("comes after micro-batch ", last,
                                          "; a chunk's gradients are added in ascending micro-batch order"));
    }
    last = action.micro_batch;
    return absl::OkStatus();
  }

  const ComputeOrder& order_;
  const int device_;
  std::vector<int32_t>& last_added_;  // as device_of_chunk: the micro-batch whose gradients were added last
  OrderIndex& index_;
};

absl::Status CheckWhole(const ComputeOrder& order, const OrderIndex& index) {
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    for (int micro_batch = 0; micro_batch < order.num_micro_batches; ++micro_batch) {
      const int device = order.DeviceOf(chunk, micro_batch);
      const size_t key = index.Key(chunk, micro_batch);
      auto missing = [&](ActionKind kind) {
        return absl::InvalidArgumentError(
            absl::StrCat("device ", device, ": ", FormatAction({kind, chunk, micro_batch}), " is missing"));
      };
      if (index.forward[key] < 0) return missing(ActionKind::kForward);
      if (index.forward_only) continue;
      if (index.backward[key] < 0) return missing(ActionKind::kBackward);
      const bool is_half = order.devices[device][index.backward[key]].kind == ActionKind::kBackwardInput;
      if (is_half && index.weight[key] < 0) return missing(ActionKind::kBackwardWeight);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ActionError(const ComputeOrder& order, int device, int position, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("device ", device, " position ", position, ": ",
                                                 FormatAction(order.devices[device][position]), " ", what));
}

absl::StatusOr<OrderIndex> IndexOrder(const ComputeOrder& order) {
  BATON_RETURN_IF_ERROR(CheckShape(order));
  OrderIndex index;
  index.num_micro_batches = order.num_micro_batches;
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) {
      if (action.kind == ActionKind::kForward) continue;
      index.forward_only = false;
      break;
    }
  }
  const size_t num_keys = static_cast<size_t>(order.num_chunks) * order.num_micro_batches;
  index.forward.assign(num_keys, -1);
  if (!index.forward_only) {
    index.backward.assign(num_keys, -1);
    index.weight.assign(num_keys, -1);
  }
  std::vector<int32_t> last_added(order.device_of_chunk.size(), -1);
  for (int device = 0; device < order.num_devices(); ++device) {
    BATON_RETURN_IF_ERROR(DeviceIndexer(order, device, last_added, index).AddAll());
  }
  BATON_RETURN_IF_ERROR(CheckWhole(order, index));
  return index;
}

}  // namespace baton
