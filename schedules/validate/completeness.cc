// The rule "completeness"; see rules.h.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/walk/participants.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

class CompletenessChecker {
 public:
  CompletenessChecker(const Program& program, bool gradients_ascend, std::vector<Violation>& violations)
      : program_(program), gradients_ascend_(gradients_ascend), violations_(violations) {
    const size_t num_keys = static_cast<size_t>(program.num_chunks) * program.num_micro_batches;
    forward_.assign(num_keys, -1);
    backward_.assign(num_keys, -1);
    weight_.assign(num_keys, -1);
    recompute_.assign(num_keys, -1);
    inputs_.assign(program.num_micro_batches, -1);
    targets_.assign(program.num_micro_batches, -1);
    update_.assign(program.placement.replicas().size(), -1);
    last_added_.assign(program.placement.replicas().size(), -1);
    summed_.assign(program.placement.replicas().size(), -1);
    last_reduce_.assign(program.reduce_groups.size(), -1);
    groups_ = GroupsOfDevices(program);
  }

  void Run() {
    for (device_ = 0; device_ < program_.num_devices(); ++device_) {
      const std::vector<Instruction>& instructions = program_.devices[device_].instructions;
      first_reduce_ = first_update_ = -1;
      for (instruction_ = 0; instruction_ < static_cast<int>(instructions.size()); ++instruction_) {
        std::visit([this](const auto& operation) { Check(operation); }, instructions[instruction_].operation);
      }
      instruction_ = -1;
      CheckReduces();
    }
    CheckNothingMissing();
    if (!has_updates_) return;
    CheckReplicasMeet(/*sums=*/true);
    CheckReplicasMeet(/*sums=*/false);
    CheckShardGradients();
  }

 private:
  void Report(const std::string& message) { violations_.push_back({device_, instruction_, "completeness", message}); }

  size_t Key(int chunk, int micro_batch) const {
    return static_cast<size_t>(chunk) * program_.num_micro_batches + micro_batch;
  }

  // Records the instruction that does the work; reports a second one.
  void Put(int32_t& entry) {
    if (entry >= 0) {
      Report(absl::StrCat("is done twice, first by instruction ", entry));
    } else {
      entry = instruction_;
    }
  }

  void CheckDevice(int chunk, int micro_batch) {
    const int32_t device = program_.DeviceOf(chunk, micro_batch);
    if (device != device_) Report(absl::StrCat("is on device ", device_, "; its chunk is on device ", device));
  }

  // Instructions of micro-batches come before the AllReduces and Updates that end the step. Only sums over replicas may
  // come earlier.
  void CheckBeforeEnd() {
    if (first_reduce_ >= 0) Report(absl::StrCat("comes after the AllReduce at instruction ", first_reduce_));
    if (first_update_ >= 0) Report(absl::StrCat("comes after the Update at instruction ", first_update_));
  }

  void CheckBackward(int chunk, int micro_batch) {
    CheckDevice(chunk, micro_batch);
    CheckBeforeEnd();
    if (program_.forward_only) Report("is a backward in a forward-only program");
    if (forward_[Key(chunk, micro_batch)] < 0) Report("comes before its Forward");
  }

  // Gradients are added in ascending micro-batch order, so that weights are bit-identical for every schedule.
  void CheckAscends(int chunk, int micro_batch) {
    const int32_t entry = program_.placement.IndexOf(chunk, micro_batch);
    if (program_.placement.replicas()[entry].device != device_) return;  // CheckDevice reports it
    if (summed_[entry] >= 0) {
      Report(
          absl::StrCat("adds to gradients after the collective at instruction ", summed_[entry], ", which sums them"));
    }
    int32_t& last = last_added_[entry];
    if (gradients_ascend_ && micro_batch < last) Report(absl::StrCat("adds to gradients after micro-batch ", last));
    last = micro_batch;
  }

  void Check(const Load& load) {
    CheckDevice(load.chunk, load.micro_batch);
    CheckBeforeEnd();
    const bool is_inputs = load.kind == DataKind::kInputs;
    if (load.chunk != (is_inputs ? 0 : program_.num_chunks - 1)) Report("is for a chunk that reads no such data");
    Put((is_inputs ? inputs_ : targets_)[load.micro_batch]);
  }

  void Check(const Forward& forward) {
    CheckDevice(forward.chunk, forward.micro_batch);
    CheckBeforeEnd();
    Put(forward_[Key(forward.chunk, forward.micro_batch)]);
  }

  void Check(const Backward& backward) {
    CheckBackward(backward.chunk, backward.micro_batch);
    const size_t key = Key(backward.chunk, backward.micro_batch);
    Put(backward_[key]);
    Put(weight_[key]);
    CheckAscends(backward.chunk, backward.micro_batch);
  }

  void Check(const BackwardInput& backward) {
    CheckBackward(backward.chunk, backward.micro_batch);
    Put(backward_[Key(backward.chunk, backward.micro_batch)]);
  }

  void Check(const BackwardWeight& backward) {
    CheckBackward(backward.chunk, backward.micro_batch);
    const size_t key = Key(backward.chunk, backward.micro_batch);
    if (backward_[key] < 0) Report("comes before its BackwardInput");
    Put(weight_[key]);
    CheckAscends(backward.chunk, backward.micro_batch);
  }

  // Checked like a part of the backward that follows it.
  void Check(const Recompute& recompute) {
    CheckBackward(recompute.chunk, recompute.micro_batch);
    const size_t key = Key(recompute.chunk, recompute.micro_batch);
    if (backward_[key] >= 0) Report(absl::StrCat("comes after the backward at instruction ", backward_[key]));
    Put(recompute_[key]);
  }

  void Check(const Send&) {}
  void Check(const Recv&) {}

  void CheckOnce(int32_t group) {
    if (!TakesPart(group)) Report("is on a device that has no member of the group");
    int32_t& last = last_reduce_[group];
    if (last == device_) Report("is done twice on this device");
    last = device_;
  }

  void Check(const AllReduce& reduce) {
    if (program_.forward_only) Report("is an AllReduce in a forward-only program");
    CheckOnce(reduce.group);
    if (first_update_ >= 0) Report(absl::StrCat("comes after the Update at instruction ", first_update_));
    if (program_.reduce_groups[reduce.group].kind == ReduceKind::kReplicaGradient) return CheckReplicaSum(reduce.group);
    if (first_reduce_ < 0) first_reduce_ = instruction_;
  }

  void Check(const ReduceScatter& reduce) {
    if (program_.forward_only) Report("is a ReduceScatter in a forward-only program");
    CheckOnce(reduce.group);
    if (first_update_ >= 0) Report(absl::StrCat("comes after the Update at instruction ", first_update_));
    CheckReplicaSum(reduce.group);
  }

  // Sums over replicas come first, since all other groups read their results.
  void CheckReplicaSum(int32_t group) {
    if (first_reduce_ >= 0) Report(absl::StrCat("sums replicas after the AllReduce at instruction ", first_reduce_));
    ForEachOwnMember(group, [&](int32_t member) { summed_[member] = instruction_; });
  }

  void Check(const AllGather& gather) {
    if (program_.forward_only) Report("is an AllGather in a forward-only program");
    CheckOnce(gather.group);
    if (program_.reduce_groups[gather.group].kind != ReduceKind::kTiedShards) return;
    if (first_update_ >= 0) Report(absl::StrCat("comes after the Update at instruction ", first_update_));
    CheckReplicaSum(gather.group);
  }

  // Calls visit(member) for each member of the group on this device.
  template <typename Visit>
  void ForEachOwnMember(int32_t group, Visit&& visit) {
    for (const int32_t member : program_.reduce_groups[group].members) {
      if (program_.placement.replicas()[member].device == device_) visit(member);
    }
  }

  void Check(const Update& update) {
    const int32_t entry = program_.placement.IndexOn(update.chunk, device_);
    if (entry < 0) {
      Report(absl::StrCat("is on device ", device_, "; its chunk is on device ",
                          program_.placement.FirstDeviceOf(update.chunk)));
    }
    if (program_.forward_only) Report("is an Update in a forward-only program");
    if (first_update_ < 0) first_update_ = instruction_;
    has_updates_ = true;
    Put(update_[entry < 0 ? update.chunk : entry]);
  }

  bool TakesPart(int group) const {
    return std::binary_search(groups_[device_].begin(), groups_[device_].end(), group);
  }

  void CheckReduces() {
    for (int32_t group : groups_[device_]) {
      if (last_reduce_[group] == device_) continue;
      const ReduceKind kind = program_.reduce_groups[group].kind;
      const bool gathers = kind == ReduceKind::kShardedUpdate || kind == ReduceKind::kTiedShards;
      const char* name = gathers ? "AllGather" : kind == ReduceKind::kShardGradient ? "ReduceScatter" : "AllReduce";
      Report(absl::StrCat(name, " group ", group, " is missing"));
    }
  }

  void CheckNothingMissing() {
    for (int chunk = 0; chunk < program_.num_chunks; ++chunk) {
      for (int micro_batch = 0; micro_batch < program_.num_micro_batches; ++micro_batch) {
        const size_t key = Key(chunk, micro_batch);
        device_ = program_.DeviceOf(chunk, micro_batch);
        auto missing = [&](const char* what) {
          Report(absl::StrCat(what, " chunk ", chunk, " micro-batch ", micro_batch, " is missing"));
        };
        if (chunk == 0 && inputs_[micro_batch] < 0) missing("Load inputs");
        if (chunk + 1 == program_.num_chunks && targets_[micro_batch] < 0) missing("Load targets");
        if (forward_[key] < 0) missing("Forward");
        if (program_.forward_only) continue;
        if (backward_[key] < 0) {
          missing("Backward");
        } else if (weight_[key] < 0) {
          missing("BackwardWeight");
        }
      }
      if (!has_updates_) continue;
      for (int32_t entry : program_.placement.EntriesOf(chunk)) {
        device_ = program_.placement.replicas()[entry].device;
        if (update_[entry] < 0) Report(absl::StrCat("Update chunk ", chunk, " is missing"));
      }
    }
  }

  // Each chunk's replicas must be summed exactly once, all of them, so that they stay equal. If optimizer state is
  // sharded, they must exchange their shards once.
  void CheckReplicasMeet(bool sums) {
    device_ = -1;
    std::vector<int> num_groups(program_.num_chunks, 0);
    for (size_t group = 0; group < program_.reduce_groups.size(); ++group) {
      const ReduceGroup& each = program_.reduce_groups[group];
      if (sums ? !SumsReplicas(each.kind) : each.kind != ReduceKind::kShardedUpdate) continue;
      const int chunk = program_.placement.replicas()[each.members.front()].chunk;
      ++num_groups[chunk];
      if (each.members != program_.placement.EntriesOf(chunk)) {
        Report(absl::StrCat("reduce group ", group, " does not ", sums ? "sum" : "update", " each replica of chunk ",
                            chunk, " once"));
      }
    }
    for (int chunk = 0; chunk < program_.num_chunks; ++chunk) {
      const int needed = program_.placement.EntriesOf(chunk).size() > 1 ? 1 : 0;
      if (num_groups[chunk] == needed || (!sums && num_groups[chunk] == 0)) continue;
      Report(absl::StrCat("the replicas of chunk ", chunk, " are ", sums ? "summed" : "updated", " by ",
                          num_groups[chunk], " reduce groups, not ", needed));
    }
  }

  // Where replicas have the sums of their shards alone, they gather what they update. Those that gather a tied gradient
  // are all replicas of one chunk.
  void CheckShardGradients() {
    device_ = -1;
    const auto has = [&](ReduceKind kind, int chunk) {
      return std::any_of(program_.reduce_groups.begin(), program_.reduce_groups.end(), [&](const ReduceGroup& group) {
        return group.kind == kind && std::any_of(group.members.begin(), group.members.end(), [&](int32_t member) {
                 return program_.placement.replicas()[member].chunk == chunk;
               });
      });
    };
    for (size_t group = 0; group < program_.reduce_groups.size(); ++group) {
      const ReduceGroup& each = program_.reduce_groups[group];
      const int chunk = program_.placement.replicas()[each.members.front()].chunk;
      if (each.kind == ReduceKind::kTiedShards && each.members != program_.placement.EntriesOf(chunk)) {
        Report(absl::StrCat("reduce group ", group, " does not gather a tied gradient of each replica of chunk ", chunk,
                            " once"));
      }
      if (each.kind != ReduceKind::kShardGradient) continue;
      if (!has(ReduceKind::kShardedUpdate, chunk)) {
        Report(absl::StrCat("reduce group ", group, " gives replicas of chunk ", chunk,
                            " shards of a sum, but no group gathers what they update"));
      }
    }
  }

  const Program& program_;
  const bool gradients_ascend_;
  std::vector<Violation>& violations_;
  // The instruction that did the work, by Key.
  std::vector<int32_t> forward_;
  std::vector<int32_t> backward_;
  std::vector<int32_t> weight_;
  std::vector<int32_t> recompute_;
  std::vector<int32_t> inputs_;               // [micro-batch]
  std::vector<int32_t> targets_;              // [micro-batch]
  std::vector<int32_t> update_;               // [entry of the placement]
  std::vector<int32_t> last_added_;           // [entry of the placement]: micro-batch
  std::vector<int32_t> summed_;               // [entry of the placement]: the sum over its replicas
  std::vector<int32_t> last_reduce_;          // [group]: the last device that had a collective for it
  std::vector<std::vector<int32_t>> groups_;  // [device]: that it takes part in, ascending
  bool has_updates_ = false;
  int device_ = -1;
  int instruction_ = -1;
  int first_reduce_ = -1;  // of the device; that sums no replicas
  int first_update_ = -1;  // of the device
};

}  // namespace

void CheckCompleteness(const Program& program, bool gradients_ascend, std::vector<Violation>& violations) {
  CompletenessChecker(program, gradients_ascend, violations).Run();
}

}  // namespace baton
