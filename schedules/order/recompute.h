// A transformation of orders: adds recomputations, so that any schedule uses less memory. Used by compile.
#ifndef BATON_SCHEDULES_ORDER_RECOMPUTE_H_
#define BATON_SCHEDULES_ORDER_RECOMPUTE_H_

#include <vector>

#include "schedules/order/compute_order.h"

namespace baton {

// Whether the order recomputes the chunk for any micro-batch.
bool HasRecompute(const ComputeOrder& order, int chunk);

// `order` with a recomputation right before each backward (B or I) of the chunks for which recomputes[chunk] holds: as
// late as it can be, which holds the least. Where the backward runs together with a forward, before both; where its own
// forward is right before it, not at all: there is nothing to gain. A recomputation reads nothing that is received, so
// that it runs while the device waits for the gradient.
// `recomputes` has an entry for each chunk; chunks that the order recomputes already stay as they are.
ComputeOrder AddRecompute(const ComputeOrder& order, std::vector<bool> recomputes);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_RECOMPUTE_H_
