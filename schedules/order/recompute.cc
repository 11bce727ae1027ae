// Inserting recomputations; see recompute.h.
#include "schedules/order/recompute.h"

#include <algorithm>

namespace baton {
namespace {

// The actions of one device with recomputations; `overlapped` moves with them.
std::vector<Action> WithRecompute(const std::vector<Action>& actions, const std::vector<bool>& recomputes,
                                  std::vector<int32_t>* overlapped) {
  std::vector<Action> result;
  std::vector<int32_t> moved;
  size_t next = 0;
  for (size_t i = 0; i < actions.size(); ++i) {
    const bool is_first_of_two =
        overlapped != nullptr && next < overlapped->size() && (*overlapped)[next] == static_cast<int32_t>(i);
    const bool is_second_of_two = !moved.empty() && moved.back() + 1 == static_cast<int32_t>(result.size());
    const Action& backward = is_first_of_two && i + 1 < actions.size() ? actions[i + 1] : actions[i];
    const Action forward = {ActionKind::kForward, backward.chunk, backward.micro_batch};
    const bool is_fresh = !is_first_of_two && !result.empty() && result.back() == forward;
    if (!is_second_of_two && IsBackward(backward.kind) && recomputes[backward.chunk] && !is_fresh) {
      result.push_back({ActionKind::kRecompute, backward.chunk, backward.micro_batch});
    }
    if (is_first_of_two) {
      moved.push_back(static_cast<int32_t>(result.size()));
      ++next;
    }
    result.push_back(actions[i]);
  }
  if (overlapped != nullptr) *overlapped = std::move(moved);
  return result;
}

}  // namespace

bool HasRecompute(const ComputeOrder& order, int chunk) {
  return std::any_of(order.devices.begin(), order.devices.end(), [chunk](const std::vector<Action>& actions) {
    return std::any_of(actions.begin(), actions.end(), [chunk](const Action& action) {
      return action.kind == ActionKind::kRecompute && action.chunk == chunk;
    });
  });
}

ComputeOrder AddRecompute(const ComputeOrder& order, std::vector<bool> recomputes) {
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) {
      if (action.kind == ActionKind::kRecompute) recomputes[action.chunk] = false;
    }
  }
  ComputeOrder result = order;
  for (size_t device = 0; device < order.devices.size(); ++device) {
    result.devices[device] = WithRecompute(order.devices[device], recomputes,
                                           order.overlapped.empty() ? nullptr : &result.overlapped[device]);
  }
  return result;
}

}  // namespace baton
