// Matches the transfers of the default transport model, where each directed pair of devices has a queue of its own.
// Other models go through TransferQueues, which is slower. Used by the simulator.
#ifndef BATON_SCHEDULES_SIMULATE_TRANSFER_LANES_H_
#define BATON_SCHEDULES_SIMULATE_TRANSFER_LANES_H_

#include <algorithm>
#include <optional>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/trace/trace.h"

namespace baton {

// Thread contract: one thread at a time. Refers to the program and its lanes, which must outlive it.
class TransferLanes {
 public:
  struct Match {
    InstructionRef send;
    InstructionRef recv;
    int32_t lane;
  };

  TransferLanes(const Program& program, const Lanes& lanes)
      : program_(program), lanes_(lanes), open_(static_cast<size_t>(lanes.num_lanes())) {}

  // Posts one side of a transfer. If the other side is there already, the two match: fills `ready` and `start` of both
  // intervals. Otherwise `ready` is only the end of the waits until they match, since the start of the lane's previous
  // transfer may not be known yet.
  std::optional<Match> Post(InstructionRef ref, Nanos waits_end, Trace& trace) {
    const Operation& operation = program_.devices[ref.device].instructions[ref.instruction].operation;
    const Send* send = std::get_if<Send>(&operation);
    const int peer = send != nullptr ? send->peer : std::get_if<Recv>(&operation)->peer;
    const int index = send != nullptr ? lanes_.SendLane(ref.device, peer) : lanes_.RecvLane(ref.device, peer);
    Lane& lane = open_[index];
    Interval& own = trace.devices[ref.device][ref.instruction];
    own.ready = waits_end;
    if (lane.empty() || lane.posted_are_sends == (send != nullptr)) {
      if (lane.empty()) {
        lane.posted.clear();
        lane.first_posted = 0;
      }
      lane.posted_are_sends = send != nullptr;
      lane.posted.push_back(ref.instruction);
      return std::nullopt;
    }
    const InstructionRef other_ref = {peer, lane.posted[lane.first_posted++]};
    Interval& other = trace.devices[other_ref.device][other_ref.instruction];
    own.ready = std::max(own.ready, lane.last_match);
    other.ready = std::max(other.ready, lane.last_match);
    lane.last_match = own.start = other.start = std::max(own.ready, other.ready);
    return send != nullptr ? Match{ref, other_ref, index} : Match{other_ref, ref, index};
  }

 private:
  // The transfers that one side has posted and the other side has not matched yet.
  struct Lane {
    std::vector<int32_t> posted;  // instructions; the queue begins at first_posted
    size_t first_posted = 0;
    bool posted_are_sends = false;
    Nanos last_match = 0;  // when the lane's last transfer started

    bool empty() const { return first_posted == posted.size(); }
  };

  const Program& program_;
  const Lanes& lanes_;
  std::vector<Lane> open_;  // [lane]
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_TRANSFER_LANES_H_
