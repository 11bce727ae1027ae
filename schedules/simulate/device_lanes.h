// The instructions of each device by lane: the compute lane, one for each queue of transfers, and one for each group of
// collectives. Used by the simulator where the order of time matters, as on shared cores: every lane then goes on as soon
// as it can.
#ifndef BATON_SCHEDULES_SIMULATE_DEVICE_LANES_H_
#define BATON_SCHEDULES_SIMULATE_DEVICE_LANES_H_

#include <cstdint>
#include <map>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"

namespace baton {

// Instructions that start in this order.
struct DeviceLane {
  std::vector<int32_t> instructions;
  size_t next = 0;  // the first that has not gone on
};

// Thread contract: one thread at a time. Does not refer to the program.
class DeviceLanes {
 public:
  DeviceLanes(const Program& program, const TransportModel& transport) : lanes_(program.devices.size()) {
    for (size_t device = 0; device < program.devices.size(); ++device) {
      std::map<int64_t, size_t> lane_of;
      const auto& instructions = program.devices[device].instructions;
      for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
        const auto [found, is_new] =
            lane_of.insert({KeyOf(instructions[i].operation, transport.queues), lanes_[device].size()});
        if (is_new) lanes_[device].emplace_back();
        lanes_[device][found->second].instructions.push_back(i);
      }
    }
  }

  std::vector<DeviceLane>& Of(int device) { return lanes_[device]; }

 private:
  // The same number for the instructions of one lane of a device.
  static int64_t KeyOf(const Operation& operation, QueueKind queues) {
    if (IsCompute(operation)) return -1;
    if (queues == QueueKind::kPerDevice) return 0;
    if (IsCollective(operation)) return -2 - GroupOf(operation);
    const Send* send = std::get_if<Send>(&operation);
    const int64_t peer = send != nullptr ? send->peer : std::get<Recv>(operation).peer;
    if (queues == QueueKind::kPerPeer) return peer;
    return 2 * peer + (send != nullptr ? 1 : 0);
  }

  std::vector<std::vector<DeviceLane>> lanes_;  // [device]
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_DEVICE_LANES_H_
