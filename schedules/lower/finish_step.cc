// Makes groups over replicas and the end of each device's step; see finish_step.h.
#include "schedules/lower/finish_step.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "schedules/lower/place_gathers.h"
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

// Appends a group for each tied use, since the sum over uses needs the whole gradient of each of them.
void AppendTiedShards(const ChunkPlacement& placement, const std::vector<ReduceGroup>& asked_groups,
                      std::vector<ReduceGroup>& groups) {
  for (const ReduceGroup& asked : asked_groups) {
    if (asked.kind != ReduceKind::kTiedGradient) continue;
    for (const int32_t chunk : asked.members) {
      groups.push_back({ReduceKind::kTiedShards, asked.name, placement.EntriesOf(chunk), asked.bytes});
    }
  }
}

std::vector<ReduceGroup> GroupsOverReplicas(const Program& program, const CostModel& costs,
                                            const std::vector<ReduceGroup>& asked_groups,
                                            const FinishOptions& options) {
  const ChunkPlacement& placement = program.placement;
  if (placement.num_replicas() == 1) return asked_groups;
  std::vector<ReduceGroup> groups;
  for (int32_t chunk = 0; chunk < program.num_chunks; ++chunk) {
    ReduceGroup group{options.shards_optimizer ? ReduceKind::kShardGradient : ReduceKind::kReplicaGradient,
                      absl::StrCat("chunk ", chunk), placement.EntriesOf(chunk), costs.chunks[chunk].gradient_bytes()};
    if (group.members.size() > 1) groups.push_back(std::move(group));
  }
  if (options.shards_optimizer) AppendTiedShards(placement, asked_groups, groups);
  const int in_copy = placement.num_replicas() / options.copies;
  for (const ReduceGroup& asked : asked_groups) {
    if (asked.kind == ReduceKind::kGradientNorm) {
      groups.push_back(GroupOfCopy(placement, asked, 0, placement.num_replicas()));
      continue;
    }
    for (int copy = 0; copy < options.copies; ++copy) {
      groups.push_back(GroupOfCopy(placement, asked, copy * in_copy, (copy + 1) * in_copy));
    }
  }
  for (int32_t chunk = 0; options.shards_optimizer && chunk < program.num_chunks; ++chunk) {
    ReduceGroup group{ReduceKind::kShardedUpdate, absl::StrCat("chunk ", chunk), placement.EntriesOf(chunk),
                      costs.chunks[chunk].parameter_bytes};
    if (group.members.size() > 1) groups.push_back(std::move(group));
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

std::vector<Finish> FinishStep(const ComputeOrder& order, const OrderTimes& times,
                               const std::vector<ReduceGroup>& asked, const CostModel& costs,
                               const FinishOptions& options, Program& program) {
  program.reduce_groups = GroupsOverReplicas(program, costs, asked, options);
  std::vector<std::vector<PlacedSum>> sums = PlaceSums(order, times, program, options.queues);
  const std::vector<std::vector<int32_t>> groups = GroupsOfDevices(program);
  const std::vector<std::vector<int32_t>> chunks = ChunksOfDevices(program);
  std::vector<std::vector<int32_t>> gathers = PlaceGathers(order, times, program);
  std::vector<Finish> finishes(chunks.size());
  for (size_t device = 0; device < chunks.size(); ++device) {
    Finish& finish = finishes[device];
    finish.gathers = std::move(gathers[device]);
    finish.replica_sums = std::move(sums[device]);
    for (const int32_t group : groups[device]) {
      const ReduceKind kind = program.reduce_groups[group].kind;
      if (kind == ReduceKind::kTiedGradient || kind == ReduceKind::kGradientNorm) finish.reduce_groups.push_back(group);
    }
    finish.chunks = chunks[device];
  }
  return finishes;
}

}  // namespace baton
