// The rule "shards"; see rules.h.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

class ShardsChecker {
 public:
  ShardsChecker(const Program& program, std::vector<Violation>& violations)
      : program_(program), violations_(violations), gathered_by_(program.num_chunks, -1) {}

  void Run() {
    for (int32_t group = 0; group < static_cast<int32_t>(program_.reduce_groups.size()); ++group) {
      const ReduceGroup& each = program_.reduce_groups[group];
      if (each.kind != ReduceKind::kShardedUpdate) continue;
      gathered_by_[program_.placement.replicas()[each.members.front()].chunk] = group;
    }
    for (device_ = 0; device_ < program_.num_devices(); ++device_) RunDevice();
    CheckMembersAgree();
  }

 private:
  // The state of a replica of a chunk, as indices of instructions; -1: that has not happened since.
  struct Chunk {
    int32_t updated = -1;    // its shard alone is up to date: no AllGather since this Update
    int32_t scattered = -1;  // its gradients are sums of its shard alone: no Update since this ReduceScatter
    std::map<std::string, int> gathered = {};  // tied parameter → uses whose gradients were gathered since
  };

  // All lanes are idle between two steps, so the second copy of the program finds what the first one has left.
  void RunDevice() {
    chunks_.assign(program_.num_chunks, {});
    const std::vector<Instruction>& instructions = program_.devices[device_].instructions;
    for (const bool again : {false, true}) {
      is_again_ = again;
      for (index_ = 0; index_ < static_cast<int32_t>(instructions.size()); ++index_) {
        std::visit([this](const auto& each) { Check(each); }, instructions[index_].operation);
      }
    }
  }

  void Report(const std::string& message) {
    if (!reported_.insert({device_, index_}).second) return;
    violations_.push_back({device_, index_, "shards", message});
  }

  std::string Name(int32_t instruction) const {
    const Operation& operation = program_.devices[device_].instructions[instruction].operation;
    return absl::StrCat("instruction ", instruction, " (", Describe(operation), ")",
                        is_again_ && instruction >= index_ ? " of the step before" : "");
  }

  void CheckParameters(int32_t chunk) {
    const int32_t updated = chunks_[chunk].updated;
    if (updated < 0) return;
    Report(absl::StrCat("reads the parameters of chunk ", chunk, ", of which ", Name(updated),
                        " has updated one shard and no AllGather brought the others"));
  }

  void CheckGradients(int32_t chunk) {
    const int32_t scattered = chunks_[chunk].scattered;
    if (scattered < 0) return;
    Report(absl::StrCat("adds to the gradients of chunk ", chunk, " between ", Name(scattered), " and its Update"));
  }

  void Check(const Load&) {}
  void Check(const Send&) {}
  void Check(const Recv&) {}
  void Check(const AllReduce& each) {
    const ReduceGroup& group = program_.reduce_groups[each.group];
    if (group.kind != ReduceKind::kTiedGradient) return;
    std::map<int32_t, int> uses;  // by the device's chunks
    for (const int32_t member : group.members) {
      const ChunkReplica& replica = program_.placement.replicas()[member];
      if (replica.device == device_) ++uses[replica.chunk];
    }
    for (const auto& [chunk, count] : uses) {
      Chunk& state = chunks_[chunk];
      if (state.scattered < 0 || state.gathered[group.name] >= count) continue;
      Report(absl::StrCat("sums ", group.name, ", of whose gradient in chunk ", chunk, " ", Name(state.scattered),
                          " gave the replica one shard and no AllGather brought the others"));
    }
  }
  void Check(const Forward& each) { CheckParameters(each.chunk); }
  void Check(const Recompute& each) { CheckParameters(each.chunk); }
  void Check(const BackwardInput& each) { CheckParameters(each.chunk); }
  void Check(const Backward& each) {
    CheckParameters(each.chunk);
    CheckGradients(each.chunk);
  }
  void Check(const BackwardWeight& each) { CheckGradients(each.chunk); }
  void Check(const ReduceScatter& each) {
    chunks_[ChunkOf(each.group)].scattered = index_;
    chunks_[ChunkOf(each.group)].gathered.clear();
  }
  void Check(const Update& each) {
    chunks_[each.chunk].scattered = -1;
    if (gathered_by_[each.chunk] >= 0) chunks_[each.chunk].updated = index_;
  }
  void Check(const AllGather& each) {
    const int32_t chunk = ChunkOf(each.group);
    const ReduceGroup& group = program_.reduce_groups[each.group];
    if (group.kind == ReduceKind::kTiedShards) {
      ++chunks_[chunk].gathered[group.name];
      if (chunks_[chunk].scattered < 0)
        Report(absl::StrCat("gathers the gradient of ", group.name, " in chunk ", chunk,
                            ", of which no ReduceScatter has made shards"));
      return;
    }
    if (!is_again_) gathers_.push_back({each.group, device_, index_, /*of_step_before=*/!HasUpdated(chunk)});
    chunks_[chunk].updated = -1;
  }

  int32_t ChunkOf(int32_t group) const {
    return program_.placement.replicas()[program_.reduce_groups[group].members.front()].chunk;
  }

  bool HasUpdated(int32_t chunk) const { return chunks_[chunk].updated >= 0; }

  // The shards that meet are of one step.
  void CheckMembersAgree() {
    std::vector<const Gather*> first_of_group(program_.reduce_groups.size());
    for (const Gather& each : gathers_) {
      const Gather*& first = first_of_group[each.group];
      if (first == nullptr) first = &each;
      if (first->of_step_before == each.of_step_before) continue;
      const auto side = [](const Gather& gather) { return gather.of_step_before ? "before" : "after"; };
      violations_.push_back({each.device, each.instruction, "shards",
                             absl::StrCat("gathers shards ", side(each), " their Update; device ", first->device,
                                          " gathers them ", side(*first), " it")});
    }
  }

  struct Gather {
    int32_t group;
    int32_t device;
    int32_t instruction;
    bool of_step_before;
  };

  const Program& program_;
  std::vector<Violation>& violations_;
  std::vector<int32_t> gathered_by_;  // [chunk]: the group; -1: its updates are not sharded
  std::vector<Gather> gathers_;
  std::set<std::pair<int32_t, int32_t>> reported_;  // device, instruction
  // The state of the device in progress.
  int32_t device_ = 0;
  int32_t index_ = 0;
  bool is_again_ = false;
  std::vector<Chunk> chunks_;
};

}  // namespace

void CheckShards(const Program& program, std::vector<Violation>& violations) {
  ShardsChecker(program, violations).Run();
}

}  // namespace baton
