// The model of the transport between devices that a program is lowered for, proven in and simulated in. Used by lower,
// validate, simulate and verify.
//
//     TransportModel one_stream{0, QueueKind::kPerDevice};   // rendezvous, all transfers of a device in one queue
#ifndef BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_
#define BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_

#include <cstdint>

namespace baton {

// The queues of a device's transfers. Within a queue, transfers begin in issue order: each only after the one before it
// is matched.
enum class QueueKind : int8_t {
  kPerPeerAndDirection,  // one queue for Sends to a peer and one for Recvs from it
  kPerPeer,              // one queue for all transfers with a peer, as on one NCCL communicator a pair
  kPerDevice,            // one queue for all transfers of the device, as on one communication stream
};

// In any model the n-th Send from one device to another matches the n-th Recv there.
//
//   rendezvous   both begin when both are at the head of their queues
//   buffered: K  a Send at the head of its queue goes into one of the K buffers of its pair and direction, and waits
//                while all are full; a Recv at the head of its queue empties one
struct TransportModel {
  int buffered_slots = 0;  // K, at least 0; 0: rendezvous
  QueueKind queues = QueueKind::kPerPeerAndDirection;

  bool rendezvous() const { return buffered_slots == 0; }
  // The model of the executor's own transport.
  bool is_default() const { return rendezvous() && queues == QueueKind::kPerPeerAndDirection; }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_
