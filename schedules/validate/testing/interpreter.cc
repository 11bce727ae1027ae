// The adversary; see testing_interpreter.h. Slow and plain on purpose: it shares no idea with the validator but the
// instruction set.
#include "schedules/validate/testing/interpreter.h"

#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

enum class State : int8_t { kWaiting, kPosted, kRunning, kDone };

class Player {
 public:
  Player(const Program& program, uint32_t seed) : program_(program), random_(seed) {
    for (const DeviceProgram& code : program.devices) {
      states_.emplace_back(code.instructions.size(), State::kWaiting);
      slots_.emplace_back(code.slots.size(), "nothing");
    }
    FindLanes();
  }

  std::string Play() {
    while (true) {
      std::vector<std::pair<int, int>> events;  // (device, instruction) that can begin or end
      bool all_done = true;
      for (int device = 0; device < program_.num_devices(); ++device) {
        for (size_t i = 0; i < states_[device].size(); ++i) {
          all_done = all_done && states_[device][i] == State::kDone;
          if (CanMove(device, i)) events.push_back({device, i});
        }
      }
      if (all_done) return "";
      if (events.empty()) return "stuck";
      const auto [device, i] = events[random_() % events.size()];
      const std::string error = Move(device, i);
      if (!error.empty()) {
        return absl::StrCat("device ", device, " instruction ", i, " (", Describe(OperationOf(device, i)), ") ", error);
      }
    }
  }

 private:
  using Where = std::pair<int, int>;  // device, instruction

  const Operation& OperationOf(int device, int i) const { return program_.devices[device].instructions[i].operation; }

  // Finds the predecessor of each instruction on its lane, and the other side of each transfer.
  void FindLanes() {
    std::map<std::tuple<int, int, bool>, std::vector<Where>> lanes;  // (from, to, is send)
    for (int device = 0; device < program_.num_devices(); ++device) {
      std::map<int, int> last;  // lane → instruction; compute is −1, group g −2 − g
      predecessors_.emplace_back();
      for (size_t i = 0; i < states_[device].size(); ++i) {
        int lane = -1;
        if (const Send* send = std::get_if<Send>(&OperationOf(device, i))) {
          lane = 2 * send->peer;
          lanes[{device, send->peer, true}].push_back({device, i});
        } else if (const Recv* recv = std::get_if<Recv>(&OperationOf(device, i))) {
          lane = 2 * recv->peer + 1;
          lanes[{recv->peer, device, false}].push_back({device, i});
        } else if (IsCollective(OperationOf(device, i))) {
          lane = -2 - GroupOf(OperationOf(device, i));
        }
        const auto [entry, is_first] = last.insert({lane, i});
        predecessors_.back().push_back(is_first ? -1 : entry->second);
        entry->second = static_cast<int>(i);
      }
    }
    for (const auto& [key, side] : lanes) {
      const auto& [from, to, is_send] = key;
      const std::vector<Where>& others = lanes[{from, to, !is_send}];
      for (size_t n = 0; n < std::min(side.size(), others.size()); ++n) partner_[side[n]] = others[n];
    }
  }

  bool CanMove(int device, int i) const {
    const Operation& operation = OperationOf(device, i);
    switch (states_[device][i]) {
      case State::kDone:
        return false;
      case State::kRunning:
        // The receiving side ends a transfer for both.
        return !std::holds_alternative<Send>(operation);
      case State::kPosted: {
        if (IsCollective(operation)) return AllArrived(operation);
        const auto other = partner_.find({device, i});
        return std::holds_alternative<Recv>(operation) && other != partner_.end() &&
               states_[other->second.first][other->second.second] == State::kPosted;
      }
      case State::kWaiting:
        break;
    }
    for (int32_t wait : program_.devices[device].WaitsOf(program_.devices[device].instructions[i])) {
      if (states_[device][wait] != State::kDone) return false;
    }
    const int predecessor = predecessors_[device][i];
    if (predecessor < 0) return true;
    const State state = states_[device][predecessor];
    return state == State::kDone || (state == State::kRunning && !IsCompute(operation));  // transfers: matched
  }

  bool AllArrived(const Operation& operation) const {
    const int group = GroupOf(operation);
    for (int32_t member : program_.reduce_groups[group].members) {
      bool arrived = false;
      const int device = program_.placement.replicas()[member].device;
      for (size_t i = 0; i < states_[device].size(); ++i) {
        arrived = arrived || (GroupOf(OperationOf(device, i)) == group && states_[device][i] != State::kWaiting);
      }
      if (!arrived) return false;
    }
    return true;
  }

  std::string Move(int device, int i) {
    const Operation& operation = OperationOf(device, i);
    const State state = states_[device][i];
    if (state == State::kWaiting && !IsTransfer(operation)) {
      const std::string race = FindRace(device, i);
      if (!race.empty()) return race;
    }
    if (IsCompute(operation)) {
      const bool ends = state == State::kRunning;
      states_[device][i] = ends ? State::kDone : State::kRunning;
      std::string error = Read(device, operation);
      Write(device, operation, ends);
      return error;
    }
    if (state == State::kWaiting) {
      states_[device][i] = State::kPosted;
      return "";
    }
    if (IsCollective(operation)) {
      states_[device][i] = state == State::kRunning ? State::kDone : State::kRunning;
      return "";
    }
    const auto [peer, other] = partner_.at({device, i});
    const bool ends = state == State::kRunning;
    states_[device][i] = states_[peer][other] = ends ? State::kDone : State::kRunning;
    const std::string error = Read(peer, OperationOf(peer, other));
    // The Send determines the data, whatever chunk and micro-batch the Recv names.
    const SlotId source = std::get<Send>(OperationOf(peer, other)).slot;
    slots_[device][std::get<Recv>(operation).slot] = ends ? slots_[peer][source] : "half of something";
    return error;
  }

  // A use of the parameters (false) or gradients (true) of a chunk.
  struct Use {
    bool gradients;
    int chunk;
    bool writes;
  };

  std::vector<Use> UsesOf(int device, const Operation& operation) const {
    std::vector<Use> uses;
    const int chunk = ChunkOf(operation);
    const bool adds = std::holds_alternative<Backward>(operation) || std::holds_alternative<BackwardWeight>(operation);
    const bool updates = std::holds_alternative<Update>(operation);
    if (adds || updates) uses.push_back({true, chunk, true});
    if (IsCompute(operation) && !std::holds_alternative<Load>(operation)) uses.push_back({false, chunk, updates});
    if (!IsCollective(operation)) return uses;
    const ReduceGroup& group = program_.reduce_groups[GroupOf(operation)];
    for (const int32_t member : group.members) {
      const ChunkReplica& replica = program_.placement.replicas()[member];
      if (replica.device != device) continue;
      uses.push_back(
          {group.kind != ReduceKind::kShardedUpdate, replica.chunk, group.kind != ReduceKind::kGradientNorm});
    }
    return uses;
  }

  // Instructions that use the same memory, one of them to write, take turns in issue order.
  std::string FindRace(int device, int i) const {
    const std::vector<Use> own = UsesOf(device, OperationOf(device, i));
    for (int earlier = 0; earlier < i; ++earlier) {
      if (states_[device][earlier] == State::kDone) continue;
      for (const Use& other : UsesOf(device, OperationOf(device, earlier))) {
        for (const Use& use : own) {
          if (use.gradients != other.gradients || use.chunk != other.chunk || (!use.writes && !other.writes)) continue;
          return absl::StrCat("begins before instruction ", earlier, " (", Describe(OperationOf(device, earlier)),
                              ") is done, which uses the same memory");
        }
      }
    }
    return "";
  }

  // The name of the data in a slot of this role. A chunk's output is the next chunk's input.
  static std::string Content(SlotKind role, int chunk, int micro_batch) {
    static constexpr const char* kNames[] = {"input",    "targets", "",      "saved",      "saved weight",
                                             "gradient", "",        "stash", "recomputed", "recomputed weight"};
    if (role == SlotKind::kOutput) return Content(SlotKind::kInput, chunk + 1, micro_batch);
    if (role == SlotKind::kGradInput) return Content(SlotKind::kGradOutput, chunk - 1, micro_batch);
    return absl::StrCat(kNames[static_cast<int>(role)], " ", chunk, " ", micro_batch);
  }

  std::string Read(int device, const Operation& operation) const {
    std::string error;
    ForEachOperand(operation, [&](SlotId slot, SlotKind role, Access access) {
      if (slot == kNoSlot || access == Access::kWrite) return;
      const std::string expected = Content(role, ChunkOf(operation), MicroBatchOf(operation));
      if (slots_[device][slot] != expected) error = absl::StrCat("finds ", slots_[device][slot], ", not ", expected);
    });
    return error;
  }

  void Write(int device, const Operation& operation, bool ends) {
    ForEachOperand(operation, [&](SlotId slot, SlotKind role, Access access) {
      if (slot == kNoSlot || access == Access::kRead) return;
      slots_[device][slot] =
          ends ? Content(role, ChunkOf(operation), MicroBatchOf(operation)) : std::string("half of something");
    });
  }

  const Program& program_;
  std::mt19937 random_;
  std::vector<std::vector<State>> states_;
  std::vector<std::vector<std::string>> slots_;
  std::vector<std::vector<int>> predecessors_;
  std::map<Where, Where> partner_;
};

}  // namespace

std::string PlayAtRandom(const Program& program, uint32_t seed) { return Player(program, seed).Play(); }

}  // namespace baton
