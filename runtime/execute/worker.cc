// The issue loop: which instruction is next, what it waits for, and the end of a step.
#include "runtime/execute/worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

void Worker::BeginStep() {
  // A peer can complete an event only after this worker has posted it, so this reset is in time.
  for (const std::unique_ptr<Event>& event : begun_) event->Reset();
  for (const std::unique_ptr<Event>& event : done_) event->Reset();
  for (const std::unique_ptr<Event>& event : started_) {
    if (event != nullptr) event->Reset();
  }
  next_ = 0;
  first_in_flight_ = 0;
}

bool Worker::CanAdvance() const {
  const absl::Span<const int32_t> waits = program_.WaitsOf(program_.instructions[Next()]);
  return std::all_of(waits.begin(), waits.end(), [&](int32_t wait) { return done_[wait]->Posted(); });
}

absl::Status Worker::Advance() {
  const int32_t index = Next();
  absl::Status status = Issue(index);
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("device ", environment_.device->index(), ", instruction ",
                                     DescribeInstruction(index), ": ", status.message(), DescribeInFlight(status)));
  }
  ++next_;
  return status;
}

void Worker::RunStep(Nanos step_start, std::vector<Interval>* intervals) {
  RunInstructions([](const Operation&) { return true; });
  if (intervals != nullptr && !environment_.first_error->is_set()) FillIntervals(step_start, *intervals);
}

void Worker::RunGathers() {
  const std::vector<ReduceGroup>& groups = environment_.program->reduce_groups;
  RunInstructions([&](const Operation& operation) {
    const auto* gather = std::get_if<AllGather>(&operation);
    return gather != nullptr && groups[gather->group].kind == ReduceKind::kShardedUpdate;
  });
}

template <typename Runs>
void Worker::RunInstructions(Runs runs) {
  BeginStep();
  FirstError& first_error = *environment_.first_error;
  while (!AllIssued() && !first_error.is_set()) {
    if (!runs(program_.instructions[Next()].operation)) {
      ++next_;
      continue;
    }
    if (environment_.device->runs_later()) SeeProgress();
    if (absl::Status status = Advance(); !status.ok()) first_error.Set(status);
  }
  if (!first_error.is_set()) {
    if (absl::Status status = Drain(runs); !status.ok()) {
      first_error.Set(absl::Status(status.code(), absl::StrCat("device ", environment_.device->index(), ": ",
                                                               status.message(), DescribeInFlight(status))));
    }
  }
  position_.store(kNone, std::memory_order_relaxed);
  waiting_for_.store(kNone, std::memory_order_relaxed);
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

template <typename Runs>
absl::Status Worker::Drain(Runs runs) {
  // A step ends after its transfers and collectives, since buffers belong to them until they are done.
  position_.store(static_cast<int32_t>(program_.instructions.size()), std::memory_order_relaxed);
  for (int32_t index : order_.instructions) {
    const Operation& operation = program_.instructions[index].operation;
    if (!IsCompute(operation) && runs(operation)) BATON_RETURN_IF_ERROR(WaitFor(*compute_stream_, index));
  }
  for (Stream* stream : transfer_streams_) BATON_RETURN_IF_ERROR(stream->Synchronize());
  return compute_stream_->Synchronize();
}

void Worker::SeeProgress() {
  while (first_in_flight_ < next_ && done_[order_.instructions[first_in_flight_]]->Done()) ++first_in_flight_;
}

}  // namespace baton
