// Inserting recomputations; see recompute.h.
#include "schedules/order/recompute.h"

#include <algorithm>

namespace baton {
namespace {

// The actions of one device with recomputations.
std::vector<Action> WithRecompute(const std::vector<Action>& actions, const std::vector<bool>& recomputes) {
  std::vector<Action> result;
  for (const Action& action : actions) {
    const Action forward = {ActionKind::kForward, action.chunk, action.micro_batch};
    const bool is_fresh = !result.empty() && result.back() == forward;
    if (IsBackward(action.kind) && recomputes[action.chunk] && !is_fresh) {
      result.push_back({ActionKind::kRecompute, action.chunk, action.micro_batch});
    }
    result.push_back(action);
  }
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
  for (std::vector<Action>& actions : result.devices) actions = WithRecompute(actions, recomputes);
  return result;
}

}  // namespace baton
