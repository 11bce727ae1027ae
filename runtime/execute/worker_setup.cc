// Making arena, streams and events before the first step.
#include <algorithm>
#include <utility>

#include "base/status.h"
#include "runtime/execute/worker.h"
#include "schedules/program/form/describe.h"

namespace baton {

Worker::Worker(WorkerEnvironment environment)
    : environment_(std::move(environment)),
      program_(environment_.program->devices[environment_.device->index()]),
      order_(MakeIssueOrder(program_, environment_.program->num_devices())) {}

absl::Status Worker::Setup() {
  Device& device = *environment_.device;
  BATON_RETURN_IF_ERROR(device.BindWorkerThread());
  arena_ = environment_.arena;
  if (arena_ == nullptr) {
    BATON_ASSIGN_OR_RETURN(arena_, device.CreateArena(program_.arena_bytes));
  }
  BATON_RETURN_IF_ERROR(FindStreams());
  const size_t num_instructions = program_.instructions.size();
  for (size_t index = 0; index < num_instructions; ++index) {
    begun_.push_back(device.CreateEvent());
    done_.push_back(device.CreateEvent());
    const Operation& operation = program_.instructions[index].operation;
    started_.push_back(!IsCompute(operation) ? device.CreateEvent() : nullptr);
    if (device.runs_later()) names_.push_back(Describe(operation));
  }
  size_t most_members = 0;
  for (const ReduceGroup& group : environment_.program->reduce_groups) {
    most_members = std::max(most_members, group.members.size());
  }
  reduce_buffers_.reserve(most_members);
  // Chunk state is in use for the whole run.
  for (const ChunkMemory& memory : program_.chunks) {
    CountUse(memory.parameters_offset + memory.parameter_bytes);
    if (memory.gradients_offset != kNoOffset) CountUse(memory.gradients_offset + memory.gradient_region_bytes());
    if (memory.optimizer_offset != kNoOffset) CountUse(memory.optimizer_offset + memory.optimizer_bytes);
  }
  return absl::OkStatus();
}

absl::Status Worker::FindStreams() {
  DeviceLanes& lanes = *environment_.lanes;
  BATON_ASSIGN_OR_RETURN(compute_stream_, lanes.Compute());
  for (size_t index = 0; index < program_.instructions.size(); ++index) {
    const Operation& operation = program_.instructions[index].operation;
    if (IsCompute(operation)) {
      stream_of_.push_back(compute_stream_);
    } else if (order_.lane_predecessor[index] != kNone) {
      stream_of_.push_back(stream_of_[order_.lane_predecessor[index]]);
    } else {
      const auto* send = std::get_if<Send>(&operation);
      const int32_t group = GroupOf(operation);
      BATON_ASSIGN_OR_RETURN(Stream * stream, group >= 0        ? lanes.CombinesFor(group)
                                              : send != nullptr ? lanes.SendsTo(send->peer)
                                                                : lanes.ReceivesFrom(std::get<Recv>(operation).peer));
      stream_of_.push_back(stream);
      transfer_streams_.push_back(stream);
    }
  }
  return absl::OkStatus();
}

std::byte* Worker::SlotsFor(Bytes bytes) const {
  return bytes <= program_.arena_bytes - program_.workspace_offset ? arena_ + program_.workspace_offset : nullptr;
}

ChunkState Worker::StateOf(int chunk) const {
  const auto at = [this](Bytes offset) { return offset == kNoOffset ? nullptr : arena_ + offset; };
  for (const ChunkMemory& memory : program_.chunks) {
    if (memory.chunk != chunk) continue;
    return {at(memory.parameters_offset), at(memory.gradients_offset), at(memory.optimizer_offset)};
  }
  return {};
}

}  // namespace baton
