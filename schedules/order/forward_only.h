// A transformation of orders: forwards only. Used for evaluation, which runs a schedule without its backwards.
#ifndef BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
#define BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_

#include "schedules/order/compute_order.h"

namespace baton {

// Returns `order` without backwards and recomputations: the same placement, and the forwards in the same sequence.
ComputeOrder ForwardOnly(const ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
