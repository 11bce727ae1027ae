// The rule "deadlock"; see rules.h.
//
// Plays the program without times. Each device issues in order: an instruction once all earlier compute instructions
// and its waits are over. A transfer is over when both sides are issued, in order for each directed pair of devices; a
// AllReduce when all participants have issued theirs. If devices are stuck in the end, each of them waits for another
// one that is stuck too or has nothing left to say; the circles among them are what is reported. This is the way for
// the default transport, which every compilation takes; the other models go through stuck.h.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/validate/rules.h"
#include "schedules/validate/stuck.h"

namespace baton {
namespace {

// What one side of a lane has issued and the other has not met yet.
struct Lane {
  std::vector<int32_t> posted;  // a queue: begins at first_posted
  size_t first_posted = 0;
  bool posted_are_sends = false;

  bool empty() const { return first_posted == posted.size(); }
};

struct DeviceState {
  int32_t cursor = 0;
  int32_t waits_for = -1;   // the instruction of this device that it is parked for
  int32_t arrived_at = -1;  // the AllReduce that it arrived at last
};

// Why a stuck device is stuck.
struct Reason {
  std::string text;
  int blocker = -1;  // the device that would have to go on; -1 if none can help
};

class DeadlockChecker {
 public:
  DeadlockChecker(const Program& program, const Lanes& lanes, std::vector<Violation>& violations)
      : program_(program),
        lanes_(lanes),
        violations_(violations),
        states_(program.num_devices()),
        open_(lanes.num_lanes()),
        arrived_(program.reduce_groups.size()) {
    for (const DeviceProgram& code : program.devices) over_.emplace_back(code.instructions.size(), 0);
    for (const ReduceGroup& group : program.reduce_groups) {
      std::vector<int32_t> devices;
      for (int32_t member : group.members) devices.push_back(program.placement.replicas()[member].device);
      std::sort(devices.begin(), devices.end());
      devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
      participants_.push_back(std::move(devices));
    }
  }

  void Run() {
    for (int device = program_.num_devices() - 1; device >= 0; --device) runnable_.push_back(device);
    while (!runnable_.empty()) {
      const int device = runnable_.back();
      runnable_.pop_back();
      Advance(device);
    }
    ReportStuck();
  }

 private:
  bool IsStuck(int device) const {
    return states_[device].cursor < static_cast<int32_t>(program_.devices[device].instructions.size());
  }

  void Advance(int device) {
    const DeviceProgram& code = program_.devices[device];
    DeviceState& state = states_[device];
    state.waits_for = -1;
    for (; IsStuck(device); ++state.cursor) {
      const int32_t i = state.cursor;
      for (int32_t wait : code.WaitsOf(code.instructions[i])) {
        if (over_[device][wait]) continue;
        state.waits_for = wait;
        return;
      }
      const Operation& operation = code.instructions[i].operation;
      if (const AllReduce* reduce = std::get_if<AllReduce>(&operation)) {
        Arrive(device, i, reduce->group);
        if (!over_[device][i]) {
          state.waits_for = i;
          return;
        }
      } else if (IsCompute(operation)) {
        over_[device][i] = 1;
      } else {
        Post(device, i, operation);
      }
    }
  }

  Lane& LaneOf(int device, const Operation& operation) {
    if (const Send* send = std::get_if<Send>(&operation)) return open_[lanes_.SendLane(device, send->peer)];
    return open_[lanes_.RecvLane(device, std::get<Recv>(operation).peer)];
  }

  static int PeerOf(const Operation& operation) {
    if (const Send* send = std::get_if<Send>(&operation)) return send->peer;
    return std::get<Recv>(operation).peer;
  }

  void Post(int device, int32_t instruction, const Operation& operation) {
    const bool is_send = std::holds_alternative<Send>(operation);
    Lane& lane = LaneOf(device, operation);
    if (lane.empty()) {
      lane.posted.clear();
      lane.first_posted = 0;
      lane.posted_are_sends = is_send;
    }
    if (lane.posted_are_sends == is_send) {
      lane.posted.push_back(instruction);
      return;
    }
    const int peer = PeerOf(operation);
    const int32_t other = lane.posted[lane.first_posted++];
    over_[device][instruction] = 1;
    over_[peer][other] = 1;
    if (states_[peer].waits_for == other) Resume(peer);
  }

  void Arrive(int device, int32_t instruction, int group) {
    DeviceState& state = states_[device];
    if (over_[device][instruction] || state.arrived_at == instruction) return;
    state.arrived_at = instruction;
    std::vector<int32_t>& arrived = arrived_[group];
    arrived.push_back(device);
    if (arrived.size() < participants_[group].size()) return;
    for (int32_t other : arrived) {
      over_[other][states_[other].arrived_at] = 1;
      if (other != device) Resume(other);
    }
    arrived.clear();
  }

  void Resume(int device) {
    states_[device].waits_for = -1;
    runnable_.push_back(device);
  }

  std::string Name(int device, int32_t instruction) const {
    return absl::StrCat("instruction ", instruction, " (",
                        Describe(program_.devices[device].instructions[instruction].operation), ")");
  }

  Reason ReasonOf(int device) {
    const DeviceState& state = states_[device];
    const Operation& operation = program_.devices[device].instructions[state.waits_for].operation;
    Reason reason;
    reason.text = absl::StrCat("device ", device, " ", Name(device, state.cursor), " waits for ");
    if (const AllReduce* reduce = std::get_if<AllReduce>(&operation))
      return ReduceReason(device, reduce->group, reason);
    absl::StrAppend(&reason.text, Name(device, state.waits_for));
    const int peer = PeerOf(operation);
    const int32_t other = OtherSide(device, state.waits_for, operation);
    if (other < 0) {
      absl::StrAppend(&reason.text, ", which device ", peer, " never meets");
    } else {
      absl::StrAppend(&reason.text, ", which device ", peer, " meets with ", Name(peer, other));
      reason.blocker = peer;
    }
    return reason;
  }

  Reason ReduceReason(int device, int group, Reason reason) const {
    for (int32_t participant : participants_[group]) {
      const std::vector<int32_t>& arrived = arrived_[group];
      if (std::find(arrived.begin(), arrived.end(), participant) != arrived.end()) continue;
      absl::StrAppend(&reason.text, "device ", participant, " to take part");
      if (IsStuck(participant)) {
        reason.blocker = participant;
      } else {
        reason.text += ", which never does";
      }
      return reason;
    }
    reason.text += "a participant that is not there";
    return reason;
  }

  // The peer's instruction that is to meet an issued transfer; -1 if there is none.
  int32_t OtherSide(int device, int32_t transfer, const Operation& operation) {
    const Lane& lane = LaneOf(device, operation);
    int64_t ahead =
        std::find(lane.posted.begin() + lane.first_posted, lane.posted.end(), transfer) - lane.posted.begin();
    ahead -= static_cast<int64_t>(lane.first_posted);
    const bool is_send = std::holds_alternative<Send>(operation);
    const int peer = PeerOf(operation);
    const std::vector<Instruction>& instructions = program_.devices[peer].instructions;
    for (int32_t i = states_[peer].cursor; i < static_cast<int32_t>(instructions.size()); ++i) {
      const Operation& other = instructions[i].operation;
      if (IsCompute(other) || std::holds_alternative<Send>(other) == is_send || PeerOf(other) != device) continue;
      if (ahead-- == 0) return i;
    }
    return -1;
  }

  // Each stuck device blames one other: following the blame ends in a circle or at a device that none can help. Devices
  // that only lead there are a consequence, and not reported.
  void ReportStuck() {
    std::vector<int> visited_from(program_.num_devices(), -1);
    for (int root = 0; root < program_.num_devices(); ++root) {
      std::vector<int> path;
      std::vector<std::string> texts;
      int device = root;
      while (device >= 0 && IsStuck(device) && visited_from[device] < 0) {
        visited_from[device] = root;
        Reason reason = ReasonOf(device);
        path.push_back(device);
        texts.push_back(std::move(reason.text));
        device = reason.blocker;
      }
      if (path.empty()) continue;
      if (device < 0) {
        violations_.push_back({path.back(), states_[path.back()].cursor, "deadlock", texts.back()});
      } else if (visited_from[device] == root && IsStuck(device)) {
        const size_t first = std::find(path.begin(), path.end(), device) - path.begin();
        std::string message = "devices wait for each other in a circle: ";
        for (size_t i = first; i < path.size(); ++i) absl::StrAppend(&message, i > first ? "; " : "", texts[i]);
        violations_.push_back({device, states_[device].cursor, "deadlock", message});
      }
    }
  }

  const Program& program_;
  const Lanes& lanes_;
  std::vector<Violation>& violations_;
  std::vector<DeviceState> states_;
  std::vector<Lane> open_;
  std::vector<std::vector<int32_t>> participants_;  // [group]: devices, ascending
  std::vector<std::vector<int32_t>> arrived_;       // [group]: devices that wait in its AllReduce
  std::vector<std::vector<uint8_t>> over_;          // [device][instruction]
  std::vector<int> runnable_;
};

std::string DescribeBlame(const Program& program, const Blame& blame) {
  auto name = [&](InstructionRef ref) {
    return absl::StrCat("instruction ", ref.instruction, " (",
                        Describe(program.devices[ref.device].instructions[ref.instruction].operation), ")");
  };
  const std::string who = absl::StrCat("device ", blame.who.device, " ", name(blame.who));
  const auto there = [&] { return absl::StrCat("device ", blame.whom.device, " ", name(blame.whom)); };
  switch (blame.why) {
    case Blame::Why::kWaits:
      return absl::StrCat(who, " waits for ", name(blame.whom));
    case Blame::Why::kAfter:
      return absl::StrCat(who, " comes after ", name(blame.whom));
    case Blame::Why::kQueued:
      return absl::StrCat(who, " is queued behind ", name(blame.whom));
    case Blame::Why::kMeets:
      return absl::StrCat(who, " is to meet ", there());
    case Blame::Why::kBuffer:
      return absl::StrCat(who, " finds all buffers full until ", there());
    case Blame::Why::kAllReduce:
      return absl::StrCat(who, " waits for ", there(), " to take part");
    case Blame::Why::kNeverMet:
      return absl::StrCat(who, " is never met");
    case Blame::Why::kNobody:
      return absl::StrCat(who, " waits for a device that never takes part");
  }
  return who;
}

}  // namespace

void CheckDeadlock(const Program& program, const TransportModel& transport, std::vector<Violation>& violations) {
  const absl::StatusOr<Lanes> lanes = Lanes::Create(program);
  if (!lanes.ok()) return;  // "transfers" reports it
  if (!transport.is_default()) {
    for (const Deadlock& deadlock : FindDeadlocks(program, *lanes, transport).deadlocks) {
      std::string message = deadlock.is_circle ? "instructions wait for each other in a circle: " : "";
      for (const Blame& blame : deadlock.chain) {
        absl::StrAppend(&message, &blame == deadlock.chain.data() ? "" : "; ", DescribeBlame(program, blame));
      }
      const InstructionRef first = deadlock.chain.front().who;
      violations.push_back({first.device, first.instruction, "deadlock", message});
    }
    return;
  }
  DeadlockChecker(program, *lanes, violations).Run();
}

}  // namespace baton
