// Third pass of lowering: which transfers are needed, and where on the receiving device each is posted.
#ifndef BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
#define BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/order_index.h"
#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"

namespace baton {

// A Recv to be: what arrives is read by the action at `consumer`; the Recv is issued right before the action at
// `before`, which is never after the consumer.
struct Receive {
  int32_t before;
  int32_t consumer;
  int32_t sender;  // device
};

// The Recvs of each device in issue order; those from one device are in the order of its Sends. A Send stands right
// after the action whose result it sends, so it needs no place of its own.
//
//   sender    ══F3══╗ t                  the result is ready at t
//   receiver  ══F1══╬════B0════ ══F3══   Recv is issued before B0, the last action that starts by t: what precedes it
//                Recv                    has ended by t, so that the transfer is not held up
std::vector<std::vector<Receive>> PlaceTransfers(const ComputeOrder& order, const OrderIndex& index,
                                                 const OrderTimes& times);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
