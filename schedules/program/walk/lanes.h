// The transfer lanes of a program: one for each directed pair of devices of which either names the other. Used by the
// simulator and the validator to find a transfer's lane without hashing.
#ifndef BATON_SCHEDULES_PROGRAM_WALK_LANES_H_
#define BATON_SCHEDULES_PROGRAM_WALK_LANES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/program/program.h"

namespace baton {

// Thread contract: immutable once made. Owns its tables; does not refer to the program.
class Lanes {
 public:
  // Errors: FailedPrecondition if a transfer names itself or no device as its peer.
  static absl::StatusOr<Lanes> Create(const Program& program);

  int num_lanes() const { return num_lanes_; }

  // The lane of what `device` sends to `peer`, or receives from it. Expects that some transfer of the program goes
  // between the two. Logarithmic in the number of peers of the device, of which there usually are two.
  int SendLane(int device, int peer) const { return Find(device, peer).send_lane; }
  int RecvLane(int device, int peer) const { return Find(device, peer).recv_lane; }

  // Calls visit(peer, send_lane) for each peer of the device, ascending.
  template <typename Visit>
  void ForEachPeer(int device, Visit&& visit) const {
    for (int32_t i = first_peer_[device]; i < first_peer_[device + 1]; ++i)
      visit(peers_[i].device, peers_[i].send_lane);
  }

 private:
  struct Peer {
    int32_t device;
    int32_t send_lane;
    int32_t recv_lane;
  };

  const Peer& Find(int device, int peer) const {
    const Peer* low = peers_.data() + first_peer_[device];
    int count = first_peer_[device + 1] - first_peer_[device];
    while (count > 1) {
      const int half = count / 2;
      if (low[half].device <= peer) low += half;
      count -= half;
    }
    return *low;
  }

  std::vector<int32_t> first_peer_;  // [device]: begin in peers_; one more at the end
  std::vector<Peer> peers_;          // of all devices, ascending within one
  int num_lanes_ = 0;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_LANES_H_
