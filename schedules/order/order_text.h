// A compute order as text in PyTorch's letters: `2F0` is the Forward of chunk 2 for micro-batch 0. Used by goldens and
// by every message that names an action.
#ifndef BATON_SCHEDULES_ORDER_ORDER_TEXT_H_
#define BATON_SCHEDULES_ORDER_ORDER_TEXT_H_

#include <string>

#include "schedules/order/compute_order.h"

namespace baton {

// Returns `<chunk><F|B|I|W|R><micro-batch>`.
std::string FormatAction(const Action& action);

// One line a device, the actions padded to equal widths: columns are positions, not times.
std::string FormatOrder(const ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_ORDER_TEXT_H_
