// Numbers the transfer lanes of a program: one for each directed pair of devices that exchange transfers. Used by the
// simulator and the validator to find a transfer's lane without hashing.
//
//     BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
//     std::vector<int64_t> bytes_of_lane(lanes.num_lanes());
//     bytes_of_lane[lanes.SendLane(0, 1)] += 4096;      // the same lane as lanes.RecvLane(1, 0)
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
  // Errors: FailedPrecondition if a transfer's peer is its own device or does not exist.
  static absl::StatusOr<Lanes> Create(const Program& program);

  int num_lanes() const { return num_lanes_; }

  // The lane from `device` to `peer`, and the lane from `peer` to `device`. Expects a transfer between the two in the
  // program. Logarithmic in the number of the device's peers, usually two.
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
