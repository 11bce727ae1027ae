// A transformation of orders: adds recomputations, so that any schedule uses less memory. Used by compile.
#ifndef BATON_SCHEDULES_ORDER_RECOMPUTE_H_
#define BATON_SCHEDULES_ORDER_RECOMPUTE_H_

#include <vector>

#include "schedules/order/compute_order.h"

namespace baton {

// Whether the order recomputes the chunk for any micro-batch.
bool HasRecompute(const ComputeOrder& order, int chunk);

// Returns `order` with a recomputation right before each backward (B or I) of the chunks with recomputes[chunk]: as
// late as possible, so that its memory is live as briefly as possible. A backward right behind its own forward gets
// none, since that would save nothing. A recomputation reads no received data, so it runs while the device waits for
// the gradient. `recomputes` has one entry a chunk. Chunks that the order already recomputes stay as they are.
ComputeOrder AddRecompute(const ComputeOrder& order, std::vector<bool> recomputes);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_RECOMPUTE_H_
