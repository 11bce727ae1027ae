// Collects the violations of an order; see check_order.h.
#include "schedules/verify/check_order.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "schedules/order/order_text.h"
#include "schedules/verify/wait_cycles.h"

namespace baton {
namespace {

std::string DescribeCycle(const ComputeOrder& order, const std::vector<OrderWait>& cycle, const PositionName& name) {
  const auto text = [&](int device, int position) { return FormatAction(order.devices[device][position]); };
  const OrderWait& first = cycle.front();
  if (cycle.size() == 1) {
    return absl::StrCat(text(first.device, first.position), " comes before ", text(first.device, first.source_position),
                        ", which it waits for, at ", name(first.device, first.source_position));
  }
  std::string what =
      absl::StrCat(text(first.device, first.position), " can never run, a cycle of ", cycle.size(), " waits: ");
  for (size_t i = 0; i < cycle.size(); ++i) {
    const OrderWait& wait = cycle[i];
    const OrderWait& next = cycle[(i + 1) % cycle.size()];
    absl::StrAppend(&what, i == 0 ? "" : "; ", text(wait.device, wait.position), " waits for ",
                    text(wait.source_device, wait.source_position), " (device ", wait.source_device, " ",
                    name(wait.source_device, wait.source_position), ")");
    if (wait.source_position != next.position) {
      absl::StrAppend(&what, ", which is after ", text(next.device, next.position));
    }
  }
  return what;
}

}  // namespace

OrderReport CheckOrder(const ComputeOrder& order, const PositionName& name) {
  OrderReport report;
  IndexedOrder indexed = IndexUncheckedOrder(order, name);
  report.violations = std::move(indexed.violations);
  report.num_more = indexed.num_more;
  report.descent = std::move(indexed.descent);
  if (indexed.index.num_micro_batches == 0) return report;  // no shape
  WaitCycles found = FindWaitCycles(order, indexed.index);
  report.cycles = std::move(found.cycles);
  report.num_more += found.num_more;
  for (const std::vector<OrderWait>& cycle : report.cycles) {
    report.violations.push_back({cycle.front().device, cycle.front().position, DescribeCycle(order, cycle, name)});
  }
  std::stable_sort(report.violations.begin(), report.violations.end(),
                   [](const OrderViolation& a, const OrderViolation& b) {
                     return std::make_pair(a.device, a.position) < std::make_pair(b.device, b.position);
                   });
  return report;
}

}  // namespace baton
