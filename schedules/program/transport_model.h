// What the proof, the lowering and the simulator assume of the transport between devices. Used by all three.
#ifndef BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_
#define BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_

#include <cstdint>

namespace baton {

// Which transfers of a device keep its issue order among themselves: a transfer can begin only when the one before it
// in the same queue has been met by its other side.
enum class QueueKind : int8_t {
  kPerPeerAndDirection,  // what is sent to a peer, and what is received from it, each
  kPerPeer,              // all that goes to a peer or comes from it, as on one NCCL communicator a pair
  kPerDevice,            // all transfers of the device, as on one communication stream
};

// In any model the n-th Send from one device to another meets the n-th Recv over there.
//
//   rendezvous   both begin when both are at the head of their queues
//   buffered: K  a Send at the head of its queue goes into one of the K buffers of its pair and direction, and waits
//                while all are full; a Recv at the head of its queue empties one
struct TransportModel {
  int buffered_slots = 0;  // K; 0: rendezvous
  QueueKind queues = QueueKind::kPerPeerAndDirection;

  bool rendezvous() const { return buffered_slots == 0; }
  // The model of the executor's own transport.
  bool is_default() const { return rendezvous() && queues == QueueKind::kPerPeerAndDirection; }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_TRANSPORT_MODEL_H_
