// Finds the transfer lanes of a program; see lanes.h.
#include "schedules/program/walk/lanes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace baton {

absl::StatusOr<Lanes> Lanes::Create(const Program& program) {
  const int num_devices = program.num_devices();
  std::vector<std::vector<int32_t>> peers(num_devices);
  std::vector<int32_t> named_by(num_devices, -1);  // the device that named this one last
  for (int device = 0; device < num_devices; ++device) {
    const std::vector<Instruction>& instructions = program.devices[device].instructions;
    for (size_t i = 0; i < instructions.size(); ++i) {
      int32_t peer;
      if (const Send* send = std::get_if<Send>(&instructions[i].operation)) {
        peer = send->peer;
      } else if (const Recv* recv = std::get_if<Recv>(&instructions[i].operation)) {
        peer = recv->peer;
      } else {
        continue;
      }
      if (peer < 0 || peer >= num_devices || peer == device) {
        return absl::FailedPreconditionError(
            absl::StrCat("device ", device, " instruction ", i, ": peer ", peer, " is not another device"));
      }
      if (named_by[peer] == device) continue;
      named_by[peer] = device;
      peers[device].push_back(peer);
      peers[peer].push_back(device);
    }
  }

  Lanes lanes;
  lanes.first_peer_.push_back(0);
  for (int device = 0; device < num_devices; ++device) {
    std::vector<int32_t>& list = peers[device];
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    for (int32_t peer : list) lanes.peers_.push_back({peer, lanes.num_lanes_++, -1});
    lanes.first_peer_.push_back(static_cast<int32_t>(lanes.peers_.size()));
  }
  for (int device = 0; device < num_devices; ++device) {
    for (int32_t i = lanes.first_peer_[device]; i < lanes.first_peer_[device + 1]; ++i) {
      lanes.peers_[i].recv_lane = lanes.Find(lanes.peers_[i].device, device).send_lane;
    }
  }
  return lanes;
}

}  // namespace baton
