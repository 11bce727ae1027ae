// Compute orders as text; see order_text.h.
#include "schedules/order/order_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

char Letter(ActionKind kind) {
  switch (kind) {
    case ActionKind::kForward:
      return 'F';
    case ActionKind::kBackward:
      return 'B';
    case ActionKind::kBackwardInput:
      return 'I';
    case ActionKind::kBackwardWeight:
      return 'W';
  }
  return '?';
}

}  // namespace

std::string FormatAction(const Action& action) {
  return absl::StrCat(action.chunk, std::string(1, Letter(action.kind)), action.micro_batch);
}

std::string FormatOrder(const ComputeOrder& order) {
  size_t width = 0;
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) width = std::max(width, FormatAction(action).size());
  }
  std::string text;
  for (const std::vector<Action>& actions : order.devices) {
    std::string line;
    for (const Action& action : actions) {
      std::string cell = FormatAction(action);
      if (!line.empty()) line += ' ';
      line += cell + std::string(width - cell.size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace baton
