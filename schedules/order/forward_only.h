// The order of an evaluation: a schedule's forwards alone. Not in the catalog, since it trains nothing.
#ifndef BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
#define BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_

#include "schedules/order/compute_order.h"

namespace baton {

// `order` without its backward passes: the same placement, and forwards in the same order.
ComputeOrder ForwardOnly(const ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
