// Third pass of lowering: which transfers are needed, and where on the receiving device each is posted.
#ifndef BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
#define BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/order_index.h"
#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/transport_model.h"

namespace baton {

// A Recv to be: what arrives is read by the action at `consumer`; the Recv is issued right before the action at
// `before`, which is never after the consumer.
struct Receive {
  int32_t before;
  int32_t consumer;
  int32_t sender : 31;  // device
  // Issued before the Send of the action at before - 1, if that has one; else behind it.
  uint32_t before_send : 1;
};

// The Recvs of each device in issue order; those from one device are in the order of its Sends. A Send stands right
// after the action whose result it sends, so it needs no place of its own.
//
//   sender    ══F3══╗ t                  the result is ready at t
//   receiver  ══F1══╬════B0════ ══F3══   Recv is issued before B0, the last action that starts by t: what precedes it
//                Recv                    has ended by t, so that the transfer is not held up
//
// That is for one queue a peer and direction. Where Sends and Recvs share queues, both devices must have them in one
// order, and a Recv that is issued early holds up the Sends behind it. So there all transfers have one total order: by
// the time t at which the sent result is ready, equal ones by sender and position. On each device a transfer is issued
// before the first action that ends after t: a Send thus still right after the action whose result it sends, a Recv
// once nothing is left to run before t.
//
//   sender    ══F3══╗ t                  the result is ready at t
//   receiver  ══F1══╬════B0════ ══F3══   Recv is issued before B0, the first action that ends after t
//   receiver  ══F1══  t  ══B0══ ══F3══   here too; after a Send of F1, which is ready before t
//
// Safe: let x be the first among all that has not ended, of actions by their end and of transfers by t, where an action
// that ends at t precedes a transfer of t. If x is a transfer, then on both devices all actions before it in issue
// order have ended, since they end by t, and all transfers before it in its queues have, since they precede it in the
// total order: both sides are issued and at the head of their queues, so that it begins, in one queue a device as in
// any finer kind, by rendezvous as with any number of buffers (those before it in its direction are over, hence a
// buffer is empty). If x is an action, then what precedes it on its device and what it waits for has ended: what it
// reads was ready before its start, and a Send whose slot it overwrites was over by its start (see SlotAssigner).
// Transfers issued before it hold it up no further. So x ends: nothing is first, everything ends.
//
// No delay: if all takes as long as `times` says, every transfer is issued on both sides by its t, and so were all
// before it in its queues; it begins at t, which is the earliest in any transport. (Only too few buffers for what is on
// its way at once may delay it, wherever it stands.)
std::vector<std::vector<Receive>> PlaceTransfers(const ComputeOrder& order, const OrderIndex& index,
                                                 const OrderTimes& times, QueueKind queues);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_PLACE_TRANSFERS_H_
