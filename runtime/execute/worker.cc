// How each kind of instruction runs on a worker.
#include "runtime/execute/worker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

// What a module calls a slot of a role.
constexpr std::byte* ChunkBuffers::*BufferFor(SlotKind role) {
  switch (role) {
    case SlotKind::kInput:
      return &ChunkBuffers::input;
    case SlotKind::kTargets:
      return &ChunkBuffers::targets;
    case SlotKind::kOutput:
      return &ChunkBuffers::output;
    case SlotKind::kSaved:
      return &ChunkBuffers::saved;
    case SlotKind::kSavedWeight:
      return &ChunkBuffers::saved_weight;
    case SlotKind::kGradOutput:
      return &ChunkBuffers::grad_output;
    case SlotKind::kGradInput:
      return &ChunkBuffers::grad_input;
    case SlotKind::kStash:
      return &ChunkBuffers::stash;
    case SlotKind::kRecomputed:
      return &ChunkBuffers::recomputed;
    case SlotKind::kRecomputedWeight:
      return &ChunkBuffers::recomputed_weight;
  }
  return nullptr;
}

}  // namespace

Worker::Worker(WorkerEnvironment environment)
    : environment_(std::move(environment)),
      program_(environment_.program->devices[environment_.device->index()]),
      order_(MakeIssueOrder(program_, environment_.program->num_devices())) {}

absl::Status Worker::Setup() {
  Device& device = *environment_.device;
  BATON_RETURN_IF_ERROR(device.BindWorkerThread());
  BATON_ASSIGN_OR_RETURN(arena_, device.CreateArena(program_.arena_bytes));
  BATON_RETURN_IF_ERROR(FindStreams());
  const size_t num_instructions = program_.instructions.size();
  for (size_t index = 0; index < num_instructions; ++index) {
    begun_.push_back(device.CreateEvent());
    done_.push_back(device.CreateEvent());
    const Operation& operation = program_.instructions[index].operation;
    const bool meets = !IsCompute(operation) || std::holds_alternative<AllReduce>(operation);
    started_.push_back(meets ? device.CreateEvent() : nullptr);
    if (device.runs_later()) names_.push_back(Describe(operation));
  }
  size_t most_members = 0;
  for (const ReduceGroup& group : environment_.program->reduce_groups) {
    most_members = std::max(most_members, group.members.size());
  }
  reduce_buffers_.reserve(most_members);
  // A chunk's state is handed out for the whole run.
  for (const ChunkMemory& memory : program_.chunks) {
    HandOut(memory.parameters_offset + memory.parameter_bytes);
    if (memory.gradients_offset != kNoOffset) HandOut(memory.gradients_offset + memory.parameter_bytes);
    if (memory.optimizer_offset != kNoOffset) HandOut(memory.optimizer_offset + memory.optimizer_bytes);
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
      BATON_ASSIGN_OR_RETURN(Stream * stream, send != nullptr ? lanes.SendsTo(send->peer)
                                                              : lanes.ReceivesFrom(std::get<Recv>(operation).peer));
      stream_of_.push_back(stream);
      transfer_streams_.push_back(stream);
    }
  }
  return absl::OkStatus();
}

void Worker::BeginStep() {
  // No peer can complete an event before this worker has posted it, so all are reset in time.
  for (const std::unique_ptr<Event>& event : begun_) event->Reset();
  for (const std::unique_ptr<Event>& event : done_) event->Reset();
  for (const std::unique_ptr<Event>& event : started_) {
    if (event != nullptr) event->Reset();
  }
  next_ = 0;
  in_reduce_ = false;
  first_in_flight_ = 0;
}

bool Worker::CanAdvance() const {
  if (in_reduce_) return done_[Next()]->Posted();
  const absl::Span<const int32_t> waits = program_.WaitsOf(program_.instructions[Next()]);
  return std::all_of(waits.begin(), waits.end(), [&](int32_t wait) { return done_[wait]->Posted(); });
}

absl::Status Worker::Advance() {
  const int32_t index = Next();
  const absl::Status status = in_reduce_ ? WaitFor(*stream_of_[index], index) : Issue(index);
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("device ", environment_.device->index(), ", instruction ",
                                     DescribeInstruction(index), ": ", status.message(), DescribeInFlight(status)));
  }
  in_reduce_ = !in_reduce_ && std::holds_alternative<AllReduce>(program_.instructions[index].operation);
  if (!in_reduce_) ++next_;
  return status;
}

void Worker::RunStep(Nanos step_start, std::vector<Interval>* intervals) {
  BeginStep();
  FirstError& first_error = *environment_.first_error;
  while (!AllIssued() && !first_error.is_set()) {
    if (environment_.device->runs_later()) SeeProgress();
    if (absl::Status status = Advance(); !status.ok()) first_error.Set(status);
  }
  if (!first_error.is_set()) {
    if (absl::Status status = Drain(); !status.ok()) {
      first_error.Set(absl::Status(status.code(), absl::StrCat("device ", environment_.device->index(), ": ",
                                                               status.message(), DescribeInFlight(status))));
    }
  }
  position_.store(kNone, std::memory_order_relaxed);
  waiting_for_.store(kNone, std::memory_order_relaxed);
  if (intervals != nullptr && !first_error.is_set()) FillIntervals(step_start, *intervals);
}

absl::Status Worker::Issue(int32_t index) {
  position_.store(index, std::memory_order_relaxed);
  const Instruction& instruction = program_.instructions[index];
  Stream& stream = *stream_of_[index];
  for (int32_t wait : program_.WaitsOf(instruction)) BATON_RETURN_IF_ERROR(WaitFor(stream, wait));
  BATON_RETURN_IF_ERROR(stream.Record(*begun_[index]));
  if (names_.empty()) return Run(index, instruction.operation, stream);
  stream.PushRange(names_[index].c_str());
  absl::Status status = Run(index, instruction.operation, stream);
  stream.PopRange();
  return status;
}

absl::Status Worker::WaitFor(Stream& stream, int32_t index) {
  waiting_for_.store(index, std::memory_order_relaxed);
  absl::Status status = stream.Wait(*done_[index]);
  waiting_for_.store(kNone, std::memory_order_relaxed);
  return status;
}

absl::Status Worker::Run(int32_t index, const Operation& operation, Stream& stream) {
  const std::vector<StageModule*>& modules = environment_.modules;
  auto finish = [&](const absl::Status& status) { return status.ok() ? stream.Record(*done_[index]) : status; };
  return std::visit(
      Overloaded{
          [&](const Load& load) {
            std::byte* slot = AddressOf(load.slot);
            return finish(modules[load.chunk]->Load(stream, load.kind, load.micro_batch, slot));
          },
          [&](const Forward& forward) {
            return finish(modules[forward.chunk]->Forward(stream, forward.micro_batch, BuffersOf(forward)));
          },
          [&](const Backward& backward) {
            return finish(modules[backward.chunk]->Backward(stream, backward.micro_batch, BuffersOf(backward)));
          },
          [&](const BackwardInput& half) {
            return finish(modules[half.chunk]->BackwardInput(stream, half.micro_batch, BuffersOf(half)));
          },
          [&](const BackwardWeight& half) {
            return finish(modules[half.chunk]->BackwardWeight(stream, half.micro_batch, BuffersOf(half)));
          },
          [&](const Recompute& again) {
            return finish(modules[again.chunk]->Recompute(stream, again.micro_batch, BuffersOf(again)));
          },
          [&](const Send& send) {
            return environment_.send_channels[send.peer]->Send(
                stream, AddressOf(send.slot), program_.slots[send.slot].bytes, *done_[index], started_[index].get());
          },
          [&](const Recv& recv) {
            return environment_.receive_channels[recv.peer]->Receive(
                stream, AddressOf(recv.slot), program_.slots[recv.slot].bytes, *done_[index], started_[index].get());
          },
          [&](const AllReduce& reduce) { return RunReduce(index, reduce.group, stream); },
          [&](const Update& step) { return finish(modules[step.chunk]->Update(stream)); },
      },
      operation);
}

absl::Status Worker::RunReduce(int32_t index, int32_t group, Stream& stream) {
  const Program& program = *environment_.program;
  reduce_buffers_.clear();
  const std::vector<int32_t>& members = program.reduce_groups[group].members;
  for (int member = 0; member < static_cast<int>(members.size()); ++member) {
    const ChunkReplica& replica = program.placement.replicas()[members[member]];
    if (replica.device != environment_.device->index()) continue;
    StageModule& module = *environment_.modules[replica.chunk];
    BATON_ASSIGN_OR_RETURN(ReduceBuffer buffer, module.PrepareReduce(stream, group, member));
    reduce_buffers_.push_back(buffer);
  }
  return environment_.collectives[group]->Arrive(stream, environment_.device->index(), reduce_buffers_, *done_[index],
                                                 started_[index].get());
}

absl::Status Worker::Drain() {
  // Buffers belong to their transfers until these are done, so the step does not end before.
  position_.store(static_cast<int32_t>(program_.instructions.size()), std::memory_order_relaxed);
  for (int32_t index : order_.instructions) {
    if (!IsCompute(program_.instructions[index].operation)) BATON_RETURN_IF_ERROR(WaitFor(*compute_stream_, index));
  }
  for (Stream* stream : transfer_streams_) BATON_RETURN_IF_ERROR(stream->Synchronize());
  return compute_stream_->Synchronize();
}

void Worker::FillIntervals(Nanos step_start, std::vector<Interval>& intervals) const {
  for (size_t index = 0; index < intervals.size(); ++index) {
    const Operation& operation = program_.instructions[index].operation;
    const int32_t predecessor = order_.lane_predecessor[index];
    Interval& interval = intervals[index];
    const Nanos begun = begun_[index]->DoneAt() - step_start;
    interval.end = done_[index]->DoneAt() - step_start;
    if (!IsCompute(operation)) {
      // A lane carries its transfers in order: this one can begin once the one before has been met.
      interval.ready = std::max(begun, predecessor == kNone ? 0 : started_[predecessor]->DoneAt() - step_start);
      interval.start = started_[index]->DoneAt() - step_start;
    } else if (std::holds_alternative<AllReduce>(operation)) {
      interval.ready = begun;
      interval.start = started_[index]->DoneAt() - step_start;
    } else {
      interval.ready = predecessor == kNone ? 0 : done_[predecessor]->DoneAt() - step_start;
      interval.start = begun;
    }
  }
}

void Worker::SeeProgress() {
  while (first_in_flight_ < next_ && done_[order_.instructions[first_in_flight_]]->Done()) ++first_in_flight_;
}

std::string Worker::DescribeInFlight(const absl::Status& error) const {
  if (!environment_.device->runs_later() || !absl::IsInternal(error) || first_in_flight_ + 1 >= next_) return "";
  return absl::StrCat("; in flight since instruction ", DescribeInstruction(order_.instructions[first_in_flight_]),
                      ", which may be the one that failed");
}

ChunkState Worker::StateOf(int chunk) const {
  for (const ChunkMemory& memory : program_.chunks) {
    if (memory.chunk == chunk) {
      return {arena_ + memory.parameters_offset, arena_ + memory.gradients_offset, arena_ + memory.optimizer_offset};
    }
  }
  return {};
}

int Worker::NumDone() const {
  return static_cast<int>(
      std::count_if(done_.begin(), done_.end(), [](const std::unique_ptr<Event>& event) { return event->Done(); }));
}

std::string Worker::DescribePosition() const {
  const int32_t position = position_.load(std::memory_order_relaxed);
  const int32_t waiting_for = waiting_for_.load(std::memory_order_relaxed);
  if (position == kNone) return "";
  const auto num_instructions = static_cast<int32_t>(program_.instructions.size());
  std::string text = absl::StrCat("device ", environment_.device->index());
  if (position == num_instructions) {
    absl::StrAppend(&text, " has issued all its instructions");
    if (waiting_for != kNone) absl::StrAppend(&text, " and");
  } else {
    absl::StrAppend(&text, waiting_for == kNone ? " runs instruction " : " is at instruction ",
                    DescribeInstruction(position), waiting_for == kNone ? "" : " and");
  }
  if (waiting_for == kNone) return text;
  if (waiting_for == position) return absl::StrCat(text, " waits for the group's other devices");
  return absl::StrCat(text, " waits for instruction ", DescribeInstruction(waiting_for));
}

std::string Worker::DescribeInstruction(int32_t index) const {
  return absl::StrCat(index, " (", Describe(program_.instructions[index].operation), ")");
}

std::byte* Worker::AddressOf(SlotId slot) {
  if (slot == kNoSlot) return nullptr;
  const Slot& place = program_.slots[slot];
  HandOut(place.offset + place.bytes);
  return arena_ + place.offset;
}

template <typename Compute>
ChunkBuffers Worker::BuffersOf(const Compute& operation) {
  HandOut(program_.workspace_offset + program_.workspace_bytes);
  ChunkBuffers buffers;
  buffers.workspace = arena_ + program_.workspace_offset;
  VisitOperands(operation,
                [&](SlotKind role, Access, const char*, SlotId slot) { buffers.*BufferFor(role) = AddressOf(slot); });
  return buffers;
}

}  // namespace baton
