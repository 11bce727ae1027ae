// One simulation: walks each device's stream until an instruction waits for something whose end is unknown, parks the
// device, and goes on when that end is known. On shared cores the end of compute depends on all other compute of its
// time: then events happen in the order of time, and each lane of a device is walked by itself. Used only by Simulate
// and Replay.
#ifndef BATON_SCHEDULES_SIMULATE_SIMULATION_H_
#define BATON_SCHEDULES_SIMULATE_SIMULATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/costs/shared_cores.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/simulate/collectives.h"
#include "schedules/simulate/device_lanes.h"
#include "schedules/simulate/durations.h"
#include "schedules/simulate/instruction_costs.h"
#include "schedules/simulate/link_turns.h"
#include "schedules/simulate/transfer_lanes.h"
#include "schedules/trace/trace.h"

namespace baton {

// simulation.cc: the order of events. walk_devices.cc: instructions and their waits. exchanges.cc: transfers and
// collectives.
class Simulation {
 public:
  // `durations`, if not null, replace the times of `costs`. All must outlive this.
  Simulation(const Program& program, const CostModel& costs, const Durations* durations, const Lanes& lanes,
             const TransportModel& transport);

  // Call once. Errors: FailedPrecondition, naming an instruction that never ends or whose fields are not valid.
  absl::StatusOr<Trace> Run();

  // The events of TransferQueues, for every transport model but the default one.
  void Matched(const TransferQueues::Side& send, const TransferQueues::Side& recv);
  void Buffered(const TransferQueues::Side& send, InstructionRef emptied_by);
  void Delivered(const TransferQueues::Side& recv, InstructionRef sent_by);
  void Met(const std::vector<TransferQueues::Side>& sides);

 private:
  // Interval::end of an instruction that has not ended yet.
  static constexpr Nanos kUnknown = -1;

  struct DeviceState {
    int32_t cursor = 0;      // the next instruction
    int32_t waits_for = -1;  // the instruction of this device whose end it is parked for; -1: none
    int32_t computes = -1;   // the instruction that it has under way on shared cores; -1: none
    bool is_runnable = false;
    Nanos compute_end = 0;  // when the compute lane's last instruction ended
  };

  Interval& At(InstructionRef ref) { return trace_.devices[ref.device][ref.instruction]; }
  absl::Status Error(int device, int32_t instruction, const std::string& what) const;
  // Errors: FailedPrecondition if some instruction of the device was not issued or its transfer was not matched.
  absl::Status CheckDone(int device) const;

  // Takes the earliest event that depends on others of its time: compute on shared cores starts or ends, or a transfer
  // has its turn on a shared link. All that do not depend on it must have run. False if there is none.
  bool HappensNext();
  void End(InstructionRef ref, Nanos end);
  void EndBoth(InstructionRef send, InstructionRef recv, Nanos end);
  void Resume(int device);

  // Runs a device's instructions until one waits for an end that is not known.
  absl::Status Advance(int device);
  // On shared cores: runs the instructions of each lane of a device until one waits for an end that is not known.
  absl::Status AdvanceLanes(int device);
  // On shared cores: runs one instruction of a device. `goes_on`: whether the next one of its lane may follow.
  absl::Status AdvanceOne(int device, int32_t i, bool& goes_on);
  // Posts a transfer or a collective whose waits ended at `waits_end`.
  absl::Status Exchange(InstructionRef ref, const Operation& operation, Nanos waits_end);
  // Sets `end` to the end of all that an instruction waits for, or to kUnknown; then the device waits for that.
  absl::Status FindWaitsEnd(int device, int32_t i, Nanos& end);
  // Starts a compute instruction; sets its duration, alone on its cores.
  absl::Status StartCompute(int device, int32_t i, Nanos waits_end, Nanos& duration);

  // The interval of a transfer or collective, ready no earlier than the one before it in its queue has started.
  Interval& Begin(const TransferQueues::Side& side);
  void PostTransfer(InstructionRef ref, Nanos waits_end);
  void PostCollective(InstructionRef ref, int32_t group, Nanos waits_end);
  // Ends a transfer that starts now, or queues it for its turn on its link.
  void Carry(InstructionRef send, InstructionRef recv, int32_t lane, Nanos start);
  // Runs a collective that all its devices have reached. Each group has a lane of its own.
  void Combine(const std::vector<InstructionRef>& met);
  // Ends the group's first collective that has started, which has its links since `begin`.
  void EndCollective(int32_t group, Nanos begin);

  const Program& program_;
  const Nanos wake_ns_;
  const InstructionCosts costs_;
  LinkTurns links_;
  std::vector<DeviceState> states_;
  TransferLanes transfers_;               // in the default transport model
  std::optional<TransferQueues> queues_;  // in all others
  Collectives collectives_;
  std::optional<CoreTurns> cores_;    // if devices share cores
  std::optional<DeviceLanes> lanes_;  // likewise
  std::vector<int> runnable_;
  Trace trace_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_SIMULATION_H_
