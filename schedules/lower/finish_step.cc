// Makes groups over replicas and the end of each device's step; see finish_step.h.
#include "schedules/lower/finish_step.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

// `asked` with the entries of replicas [first, end) that its chunks have.
ReduceGroup GroupOfCopy(const ChunkPlacement& placement, const ReduceGroup& asked, int first, int end) {
  ReduceGroup group = asked;
  group.members.clear();
  for (int replica = first; replica < end; ++replica) {
    for (const int32_t chunk : asked.members) {
      const int32_t entry = placement.IndexOfReplica(chunk, replica);
      if (placement.replicas()[entry].replica == replica) group.members.push_back(entry);
    }
  }
  return group;
}

std::vector<ReduceGroup> GroupsOverReplicas(const Program& program, const CostModel& costs,
                                            const std::vector<ReduceGroup>& asked_groups, int copies) {
  const ChunkPlacement& placement = program.placement;
  if (placement.num_replicas() == 1) return asked_groups;
  std::vector<ReduceGroup> groups;
  for (int32_t chunk = 0; chunk < program.num_chunks; ++chunk) {
    ReduceGroup group{ReduceKind::kReplicaGradient, absl::StrCat("chunk ", chunk), placement.EntriesOf(chunk),
                      costs.chunks[chunk].parameter_bytes};
    if (group.members.size() > 1) groups.push_back(std::move(group));
  }
  const int in_copy = placement.num_replicas() / copies;
  for (const ReduceGroup& asked : asked_groups) {
    if (asked.kind == ReduceKind::kGradientNorm) {
      groups.push_back(GroupOfCopy(placement, asked, 0, placement.num_replicas()));
      continue;
    }
    for (int copy = 0; copy < copies; ++copy) {
      groups.push_back(GroupOfCopy(placement, asked, copy * in_copy, (copy + 1) * in_copy));
    }
  }
  return groups;
}

}  // namespace

std::vector<std::vector<int32_t>> ChunksOfDevices(const Program& program) {
  std::vector<std::vector<int32_t>> chunks(program.devices.size());
  for (int32_t chunk = 0; chunk < program.num_chunks; ++chunk) {
    for (int32_t entry : program.placement.EntriesOf(chunk)) {
      chunks[program.placement.replicas()[entry].device].push_back(chunk);
    }
  }
  return chunks;
}

std::vector<Finish> FinishStep(const std::vector<ReduceGroup>& asked, const CostModel& costs, int copies,
                               Program& program) {
  program.reduce_groups = GroupsOverReplicas(program, costs, asked, copies);
  std::vector<std::vector<int32_t>> groups = GroupsOfDevices(program);
  const std::vector<std::vector<int32_t>> chunks = ChunksOfDevices(program);
  std::vector<Finish> finishes;
  for (size_t device = 0; device < chunks.size(); ++device) {
    finishes.push_back({std::move(groups[device]), chunks[device]});
  }
  return finishes;
}

}  // namespace baton
