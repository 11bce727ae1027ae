// Reporting a step: its trace, its progress, and where the worker is.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/execute/worker.h"
#include "schedules/program/form/describe.h"

namespace baton {

void Worker::FillIntervals(Nanos step_start, std::vector<Interval>& intervals) const {
  for (size_t index = 0; index < intervals.size(); ++index) {
    const Operation& operation = program_.instructions[index].operation;
    const int32_t predecessor = order_.lane_predecessor[index];
    Interval& interval = intervals[index];
    const Nanos begun = begun_[index]->DoneAt() - step_start;
    interval.end = done_[index]->DoneAt() - step_start;
    if (!IsCompute(operation)) {
      // A lane carries its transfers or collectives in order: this one can begin once the one before is matched.
      interval.ready = std::max(begun, predecessor == kNone ? 0 : started_[predecessor]->DoneAt() - step_start);
      interval.start = started_[index]->DoneAt() - step_start;
    } else {
      interval.ready = predecessor == kNone ? 0 : done_[predecessor]->DoneAt() - step_start;
      interval.start = begun;
    }
  }
}

int Worker::NumDone() const {
  return static_cast<int>(
      std::count_if(done_.begin(), done_.end(), [](const std::unique_ptr<Event>& event) { return event->Done(); }));
}

std::string Worker::DescribeInFlight(const absl::Status& error) const {
  if (!environment_.device->runs_later() || !absl::IsInternal(error) || first_in_flight_ + 1 >= next_) return "";
  return absl::StrCat("; in flight since instruction ", DescribeInstruction(order_.instructions[first_in_flight_]),
                      ", which may be the one that failed");
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
  return absl::StrCat(text, " waits for instruction ", DescribeInstruction(waiting_for));
}

std::string Worker::DescribeInstruction(int32_t index) const {
  return absl::StrCat(index, " (", Describe(program_.instructions[index].operation), ")");
}

}  // namespace baton
