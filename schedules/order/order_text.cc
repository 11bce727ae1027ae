// See order_text.h.
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
    case ActionKind::kRecompute:
      return 'R';
  }
  return '?';
}

}  // namespace

std::string FormatAction(const Action& action) {
  return absl::StrCat(action.chunk, std::string(1, Letter(action.kind)), action.micro_batch);
}

std::string FormatOrder(const ComputeOrder& order) {
  std::vector<std::vector<std::string>> cells(order.devices.size());
  size_t width = 0;
  for (size_t device = 0; device < order.devices.size(); ++device) {
    for (const Action& action : order.devices[device]) cells[device].push_back(FormatAction(action));
    for (const std::string& cell : cells[device]) width = std::max(width, cell.size());
  }
  std::string text;
  for (const std::vector<std::string>& row : cells) {
    std::string line;
    for (const std::string& cell : row) {
      if (!line.empty()) line += ' ';
      line += cell + std::string(width - cell.size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace baton
