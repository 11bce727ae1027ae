// The list of passes; see lower.h.
#include "schedules/lower/lower.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/lower/assign_slots.h"
#include "schedules/lower/emit_instructions.h"
#include "schedules/lower/insert_waits.h"
#include "schedules/lower/layout_memory.h"
#include "schedules/lower/order_index.h"
#include "schedules/lower/place_transfers.h"
#include "schedules/lower/time_order.h"
#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

// What a chunk sends is what its neighbour receives.
absl::Status CheckNeighbours(const CostModel& costs) {
  for (size_t i = 0; i + 1 < costs.chunks.size(); ++i) {
    if (costs.chunks[i].output_bytes != costs.chunks[i + 1].input_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("costs.chunks[", i, "].output_bytes: ", costs.chunks[i].output_bytes, "; the input of chunk ",
                       i + 1, " has ", costs.chunks[i + 1].input_bytes));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(const std::vector<ReduceGroup>& groups, int num_chunks) {
  for (size_t i = 0; i < groups.size(); ++i) {
    int previous = 0;
    for (int32_t chunk : groups[i].members) {
      if (chunk < previous || chunk >= num_chunks) {
        return absl::InvalidArgumentError(absl::StrCat("reduce_groups[", i, "].members: ", chunk,
                                                       "; chunks must be 0 to ", num_chunks - 1, " and not descend"));
      }
      previous = chunk;
    }
    if (groups[i].members.empty() || groups[i].bytes < 0) {
      return absl::InvalidArgumentError(absl::StrCat("reduce_groups[", i, "]: ", groups[i].members.size(),
                                                     " chunks and ", groups[i].bytes,
                                                     " bytes; it needs a chunk, and bytes must be at least 0"));
    }
  }
  return absl::OkStatus();
}

std::vector<std::vector<int32_t>> ChunksOfDevices(const Program& program) {
  std::vector<std::vector<int32_t>> chunks(program.devices.size());
  for (int32_t chunk = 0; chunk < program.num_chunks; ++chunk) {
    for (int32_t entry : program.placement.EntriesOf(chunk)) {
      chunks[program.placement.replicas()[entry].device].push_back(chunk);
    }
  }
  return chunks;
}

// The groups of a program with several replicas: first each chunk's replicas are summed, then the groups asked for,
// extended to all replicas of their chunks.
std::vector<ReduceGroup> GroupsOverReplicas(const Program& program, const CostModel& costs,
                                            const std::vector<ReduceGroup>& asked) {
  const ChunkPlacement& placement = program.placement;
  if (placement.num_replicas() == 1) return asked;
  std::vector<ReduceGroup> groups;
  for (int32_t chunk = 0; chunk < program.num_chunks; ++chunk) {
    ReduceGroup group{ReduceKind::kReplicaGradient, absl::StrCat("chunk ", chunk), placement.EntriesOf(chunk),
                      costs.chunks[chunk].parameter_bytes};
    if (group.members.size() > 1) groups.push_back(std::move(group));
  }
  for (const ReduceGroup& each : asked) {
    groups.push_back(each);
    for (int replica = 1; replica < placement.num_replicas(); ++replica) {
      for (int32_t chunk : each.members) {
        const int32_t entry = placement.IndexOfReplica(chunk, replica);
        if (placement.replicas()[entry].replica == replica) groups.back().members.push_back(entry);
      }
    }
  }
  return groups;
}

// What each device does at the end of the step.
std::vector<Finish> Finishes(const Program& program, const std::vector<std::vector<int32_t>>& chunks) {
  std::vector<std::vector<int32_t>> groups = GroupsOfDevices(program);
  std::vector<Finish> finishes;
  for (size_t device = 0; device < chunks.size(); ++device) {
    finishes.push_back({std::move(groups[device]), chunks[device]});
  }
  return finishes;
}

}  // namespace

absl::StatusOr<Program> Lower(const ComputeOrder& order, const LowerOptions& options) {
  BATON_ASSIGN_OR_RETURN(const OrderIndex index, IndexOrder(order, options.gradients_ascend));
  BATON_RETURN_IF_ERROR(CheckCosts(options.costs, order.num_chunks, order.num_micro_batches));
  BATON_RETURN_IF_ERROR(CheckNeighbours(options.costs));
  BATON_RETURN_IF_ERROR(CheckGroups(options.reduce_groups, order.num_chunks));
  BATON_ASSIGN_OR_RETURN(const OrderTimes times, TimeOrder(order, index, options.costs));
  const std::vector<std::vector<Receive>> receives = PlaceTransfers(order, index, times, options.transport.queues);

  Program program;
  program.schedule = options.schedule;
  program.num_chunks = order.num_chunks;
  program.num_micro_batches = order.num_micro_batches;
  program.forward_only = index.forward_only;
  program.placement = order.placement;
  const bool finishes_step = options.step && !index.forward_only;
  if (finishes_step) program.reduce_groups = GroupsOverReplicas(program, options.costs, options.reduce_groups);
  program.devices.resize(order.num_devices());

  const std::vector<std::vector<int32_t>> chunks = ChunksOfDevices(program);
  const std::vector<Finish> finishes =
      finishes_step ? Finishes(program, chunks) : std::vector<Finish>(order.num_devices());
  SlotAssigner slots(order, index, options.costs);
  for (int device = 0; device < order.num_devices(); ++device) {
    DeviceProgram& code = program.devices[device];
    code.instructions = EmitInstructions(order, device, receives[device], finishes[device]);
    slots.Assign(chunks[device], times, device, code);
    InsertWaits(code);
    LayoutMemory(chunks[device], index.forward_only, options.costs, code);
  }
  return program;
}

}  // namespace baton
