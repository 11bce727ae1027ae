// See forward_only.h.
#include "schedules/order/forward_only.h"

#include <algorithm>

namespace baton {

ComputeOrder ForwardOnly(const ComputeOrder& order) {
  ComputeOrder forwards = order;
  for (std::vector<Action>& actions : forwards.devices) {
    actions.erase(std::remove_if(actions.begin(), actions.end(),
                                 [](const Action& action) { return action.kind != ActionKind::kForward; }),
                  actions.end());
  }
  return forwards;
}

}  // namespace baton
