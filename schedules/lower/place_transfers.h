// Pass of lowering: finds the transfers between devices and places each Recv in its device's issue order. Used by
// lower.cc.
#ifndef BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
#define BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"
#include "schedules/order/order_index.h"
#include "schedules/program/transport_model.h"

namespace baton {

// The position of a Recv in the order of the receiving device.
struct Receive {
  int32_t before;       // position of the action right after the Recv; at most `consumer`
  int32_t consumer;     // position of the action that reads the received buffer
  int32_t sender : 31;  // device
  // 1: before the Send of the action at before - 1, if it has one. 0: after that Send.
  uint32_t before_send : 1;
};

// Returns the Recvs of each device in issue order, [device]. Recvs from one device are in the order of its Sends. Sends
// are not listed: each is issued right after the action whose result it sends.
//
// With one queue a peer and direction, a Recv is issued before the last action that starts by the time t at which the
// sent result is ready. All actions before it have ended by t, so the receiver does not delay the transfer:
//
//   sender    ══F3══╗ t                  the result is ready at t
//   receiver  ══F1══╬════B0════ ══F3══   Recv is issued before B0
//                Recv
//
// If Sends and Recvs share a queue, both devices must have them in the same order, and a Recv that is issued early
// delays the Sends after it. So all transfers have one total order: by t, ties by sender and position. On each device a
// transfer is issued before the first action that ends after t. So a Send is still right after the action whose result
// it sends, and a Recv comes after all actions that end by t.
//
//   sender    ══F3══╗ t                  the result is ready at t
//   receiver  ══F1══╬════B0════ ══F3══   Recv is issued before B0, the first action that ends after t
//   receiver  ══F1══  t  ══B0══ ══F3══   here too; after a Send of F1, which is ready before t
//
// Proof that this cannot deadlock. Order actions by their end and transfers by t; an action that ends at t precedes a
// transfer at t. Let x be the first in this order that never ends.
//   - x is a transfer. On both devices, all actions before x in issue order end by t, so they have ended. All transfers
//     before x in its queues precede it in the total order, so they have ended. Both sides of x are then issued and at
//     the head of their queues, and x begins. This holds for one queue a device and every finer kind, and for any
//     number of buffers: all earlier transfers in x's direction are over, so a buffer is free.
//   - x is an action. The actions before it on its device have ended, and so has everything it waits for: its inputs
//     were ready before its start, and a Send whose slot it overwrites was over by its start (see SlotAssigner).
//     Transfers issued before x do not block it. So x ends.
// Either way x ends, a contradiction.
//
// No delay: if all durations are as in `times`, every transfer is issued on both sides by its t, and so are all before
// it in its queues. It begins at t, the earliest time in any transport. Only too few buffers for the transfers in
// flight may delay it, at any position.
std::vector<std::vector<Receive>> PlaceTransfers(const ComputeOrder& order, const OrderIndex& index,
                                                 const OrderTimes& times, QueueKind queues);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
