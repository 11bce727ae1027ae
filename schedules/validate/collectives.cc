// The rule "collectives"; see rules.h.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/participants.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

class CollectiveChecker {
 public:
  CollectiveChecker(const Program& program, std::vector<Violation>& violations)
      : program_(program), violations_(violations), of_group_(program.reduce_groups.size()) {}

  void Run() {
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      std::vector<int32_t> sequence;
      const std::vector<Instruction>& instructions = program_.devices[device].instructions;
      for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
        if (!IsCollective(instructions[i].operation)) continue;
        CheckKind(device, i);
        of_group_[GroupOf(instructions[i].operation)][device].push_back(i);
        sequence.push_back(i);
      }
      CheckOrder(device, sequence);
    }
    for (int32_t group = 0; group < static_cast<int32_t>(of_group_.size()); ++group) CheckMatches(group);
  }

 private:
  void Report(int32_t device, int32_t instruction, const std::string& message) {
    violations_.push_back({device, instruction, "collectives", message});
  }

  const Operation& At(int32_t device, int32_t instruction) const {
    return program_.devices[device].instructions[instruction].operation;
  }

  void CheckKind(int32_t device, int32_t instruction) {
    const Operation& operation = At(device, instruction);
    switch (program_.reduce_groups[GroupOf(operation)].kind) {
      case ReduceKind::kShardedUpdate:
        if (std::holds_alternative<AllGather>(operation)) return;
        return Report(device, instruction,
                      "sums a group whose members have shards of an update, which an AllGather completes");
      case ReduceKind::kTiedShards:
        if (std::holds_alternative<AllGather>(operation)) return;
        return Report(device, instruction,
                      "sums a group whose members have shards of a sum, which an AllGather completes");
      case ReduceKind::kShardGradient:
        if (std::holds_alternative<ReduceScatter>(operation)) return;
        return Report(device, instruction,
                      "is of a group whose members get shards of a sum, which a ReduceScatter gives them");
      case ReduceKind::kTiedGradient:
      case ReduceKind::kGradientNorm:
      case ReduceKind::kReplicaGradient:
        break;
    }
    if (std::holds_alternative<AllReduce>(operation)) return;
    Report(device, instruction,
           std::holds_alternative<AllGather>(operation)
               ? "gathers a group whose members have no shards; an AllReduce sums it"
               : "scatters the sum of a group whose members need all of it; an AllReduce sums it");
  }

  // Compares the order of each two groups with that on the first device that has both.
  void CheckOrder(int32_t device, const std::vector<int32_t>& sequence) {
    for (size_t second = 1; second < sequence.size(); ++second) {
      const int32_t late = GroupOf(At(device, sequence[second]));
      for (size_t first = 0; first < second; ++first) {
        const int32_t early = GroupOf(At(device, sequence[first]));
        if (early == late) continue;
        const auto seen = first_device_.insert({{early, late}, device}).first->second;
        const auto reverse = first_device_.find({late, early});
        if (reverse == first_device_.end() || reverse->second > seen || reverse->second == device) continue;
        Report(device, sequence[second],
               absl::StrCat("comes after group ", early, "; on device ", reverse->second,
                            ", which has both groups, it comes before it"));
      }
    }
  }

  void CheckMatches(int32_t group) {
    const std::vector<int32_t> participants = ParticipantsOf(program_, group);
    const std::vector<int32_t>& expected = of_group_[group][participants.front()];
    for (const int32_t device : participants) {
      const std::vector<int32_t>& own = of_group_[group][device];
      for (size_t n = 0; n < std::min(own.size(), expected.size()); ++n) {
        if (At(device, own[n]).index() == At(participants.front(), expected[n]).index()) continue;
        Report(device, own[n],
               absl::StrCat("meets device ", participants.front(), " instruction ", expected[n], " (",
                            Describe(At(participants.front(), expected[n])), ")"));
      }
      if (own.size() == expected.size()) continue;
      Report(device, -1,
             absl::StrCat("has ", own.size(), " collectives of group ", group, "; device ", participants.front(),
                          " has ", expected.size()));
    }
  }

  const Program& program_;
  std::vector<Violation>& violations_;
  std::vector<std::map<int32_t, std::vector<int32_t>>> of_group_;  // [group] → device → instructions
  std::map<std::pair<int32_t, int32_t>, int32_t> first_device_;    // that has the first group before the second
};

}  // namespace

void CheckCollectives(const Program& program, std::vector<Violation>& violations) {
  CollectiveChecker(program, violations).Run();
}

}  // namespace baton
