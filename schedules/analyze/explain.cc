// Replays with measured durations in place of predicted ones, a group of instructions at a time.
#include "schedules/analyze/explain.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/dependencies.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

const Operation& OperationOf(const Program& program, InstructionRef ref) {
  return program.devices[ref.device].instructions[ref.instruction].operation;
}

// The name of the Difference that an instruction belongs to.
std::string NameOfGroup(const Program& program, InstructionRef ref) {
  const Operation& operation = OperationOf(program, ref);
  const Kind kind = KindOf(operation);
  if (const Send* send = std::get_if<Send>(&operation)) return absl::StrCat("link ", ref.device, "→", send->peer);
  if (const Recv* recv = std::get_if<Recv>(&operation)) return absl::StrCat("link ", recv->peer, "→", ref.device);
  if (kind == Kind::kAllReduce || kind == Kind::kReduceScatter) return "sums over devices";
  if (kind == Kind::kAllGather) return "gathers of shards";
  return absl::StrCat("chunk ", ChunkOf(operation), " ", NameOf(kind));
}

// Groups instructions by name; leaves out groups in which no time differs.
std::vector<Difference> GroupDifferences(const Program& program, const Durations& predicted,
                                         const Durations& measured) {
  std::map<std::string, Difference> groups;
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    for (int32_t i = 0; i < static_cast<int32_t>(predicted[device].size()); ++i) {
      const InstructionRef ref = {device, i};
      Difference& group = groups[NameOfGroup(program, ref)];
      group.instructions.push_back(ref);
      // Both sides of a transfer change together; the receiving one is counted.
      if (KindOf(OperationOf(program, ref)) == Kind::kSend) continue;
      ++group.count;
      group.predicted_mean += predicted[device][i];
      group.measured_mean += measured[device][i];
    }
  }
  std::vector<Difference> differences;
  for (auto& [name, group] : groups) {
    const bool differs = std::any_of(group.instructions.begin(), group.instructions.end(), [&](InstructionRef ref) {
      return predicted[ref.device][ref.instruction] != measured[ref.device][ref.instruction];
    });
    if (!differs) continue;
    group.name = name;
    group.predicted_mean /= std::max<int64_t>(1, group.count);
    group.measured_mean /= std::max<int64_t>(1, group.count);
    differences.push_back(std::move(group));
  }
  return differences;
}

void Substitute(const Difference& difference, const Durations& measured, Durations& durations) {
  for (const InstructionRef& ref : difference.instructions) {
    durations[ref.device][ref.instruction] = measured[ref.device][ref.instruction];
  }
}

absl::StatusOr<Nanos> ReplayedTime(const Program& program, const Durations& durations, const SimulateOptions& options) {
  BATON_ASSIGN_OR_RETURN(const Trace trace, Replay(program, durations, options));
  return StepTimeOf(trace);
}

// Substitutes one difference after the other, in the order of `indices`, replays after each, and adds to each one's
// entry of `costs` by how much the step got longer. Returns the step's time with all substituted.
absl::StatusOr<Nanos> AddOneByOne(const Program& program, const std::vector<Difference>& differences,
                                  const std::vector<size_t>& indices, const Durations& measured, Durations durations,
                                  Nanos step_time, const SimulateOptions& options, std::vector<Nanos>& costs) {
  for (const size_t index : indices) {
    Substitute(differences[index], measured, durations);
    BATON_ASSIGN_OR_RETURN(const Nanos longer, ReplayedTime(program, durations, options));
    costs[index] += longer - step_time;
    step_time = longer;
  }
  return step_time;
}

// Fills step_cost and sorts by it. The first difference to be substituted takes the share of others with the same
// effect, so each is priced twice, in one order and in its reverse. The means still add up. Returns the step's time
// with all substituted.
absl::StatusOr<Nanos> PriceDifferences(const Program& program, const Durations& predicted, const Durations& measured,
                                       Nanos predicted_time, const SimulateOptions& options,
                                       std::vector<Difference>& differences) {
  std::vector<size_t> order(differences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<Nanos> costs(differences.size(), 0);
  BATON_ASSIGN_OR_RETURN(const Nanos together,
                         AddOneByOne(program, differences, order, measured, predicted, predicted_time, options, costs));
  std::reverse(order.begin(), order.end());
  BATON_RETURN_IF_ERROR(
      AddOneByOne(program, differences, order, measured, predicted, predicted_time, options, costs).status());
  // Halves of odd numbers are rounded; the rest goes to the first difference.
  Nanos rest = together - predicted_time;
  for (size_t i = 0; i < differences.size(); ++i) {
    differences[i].step_cost = costs[i] / 2;
    rest -= differences[i].step_cost;
  }
  if (!differences.empty()) differences.front().step_cost += rest;
  std::stable_sort(differences.begin(), differences.end(), [](const Difference& a, const Difference& b) {
    return std::abs(a.step_cost) > std::abs(b.step_cost);
  });
  return together;
}

// Adds the waiting times of all devices to `field` of `waitings`, by device, awaited device and chunk.
void AddWaitings(const Program& program, const Dependencies& dependencies, const Trace& trace, Nanos Waiting::*field,
                 std::map<std::tuple<int, int, int>, Waiting>& waitings) {
  const Nanos step_time = StepTimeOf(trace);
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    for (const IdleSpan& span : IdleSpansOf(program.devices[device], trace.devices[device], step_time)) {
      if (span.before < 0 || span.cause == IdleCause::kDispatch) continue;
      const InstructionRef by = dependencies.WaitedFor(trace, {device, span.before});
      if (by.instruction < 0 || by.device == device) continue;
      const int chunk = ChunkOf(OperationOf(program, by));
      if (chunk < 0) continue;
      Waiting& waiting = waitings[{device, by.device, chunk}];
      waiting.device = device;
      waiting.for_device = by.device;
      waiting.for_chunk = chunk;
      waiting.*field += span.end - span.begin;
    }
  }
}

// The instructions with the largest excess over the prediction, each priced alone.
absl::StatusOr<std::vector<LongInstruction>> PriceLongest(const Program& program, const Durations& predicted,
                                                          const Durations& measured, Nanos predicted_time,
                                                          const SimulateOptions& options) {
  std::vector<LongInstruction> longest;
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    for (int32_t i = 0; i < static_cast<int32_t>(predicted[device].size()); ++i) {
      if (IsTransfer(KindOf(program.devices[device].instructions[i].operation))) continue;
      if (measured[device][i] > predicted[device][i]) {
        longest.push_back({{device, i}, predicted[device][i], measured[device][i], 0});
      }
    }
  }
  const size_t count = std::min<size_t>(kMostLongInstructions, longest.size());
  std::partial_sort(longest.begin(), longest.begin() + static_cast<int64_t>(count), longest.end(),
                    [](const LongInstruction& a, const LongInstruction& b) {
                      return a.measured - a.predicted > b.measured - b.predicted;
                    });
  longest.resize(count);
  Durations durations = predicted;
  for (LongInstruction& instruction : longest) {
    const auto [device, index] = instruction.ref;
    durations[device][index] = instruction.measured;
    BATON_ASSIGN_OR_RETURN(const Nanos step_time, ReplayedTime(program, durations, options));
    instruction.step_cost = step_time - predicted_time;
    durations[device][index] = instruction.predicted;
  }
  return longest;
}

}  // namespace

absl::StatusOr<Explanation> Explain(const Program& program, const Trace& predicted, const Trace& measured,
                                    const SimulateOptions& options) {
  Explanation explanation;
  explanation.predicted = Analyze(program, predicted);
  explanation.measured = Analyze(program, measured);
  const Dependencies dependencies(program, options.transport);
  explanation.predicted_blame = BlameOf(program, CriticalPath(program, dependencies, predicted), predicted);
  explanation.measured_blame = BlameOf(program, CriticalPath(program, dependencies, measured), measured);

  const Durations before = DurationsOf(predicted);
  Durations after = DurationsOf(measured);
  for (auto& device : after) {
    for (Nanos& duration : device) duration = std::max<Nanos>(0, duration);  // clocks may differ a little
  }
  // Replaying a prediction gives the same trace. Replaying a measured trace leaves out late starts.
  BATON_ASSIGN_OR_RETURN(const Nanos replayed, ReplayedTime(program, before, options));
  explanation.differences = GroupDifferences(program, before, after);
  BATON_ASSIGN_OR_RETURN(const Nanos all,
                         PriceDifferences(program, before, after, replayed, options, explanation.differences));
  explanation.late_starts = explanation.StepDifference() - (all - replayed);
  BATON_ASSIGN_OR_RETURN(explanation.longest, PriceLongest(program, before, after, replayed, options));

  std::map<std::tuple<int, int, int>, Waiting> waitings;
  AddWaitings(program, dependencies, predicted, &Waiting::predicted, waitings);
  AddWaitings(program, dependencies, measured, &Waiting::measured, waitings);
  for (const auto& entry : waitings) explanation.waitings.push_back(entry.second);
  std::stable_sort(explanation.waitings.begin(), explanation.waitings.end(), [](const Waiting& a, const Waiting& b) {
    return a.measured - a.predicted > b.measured - b.predicted;
  });
  return explanation;
}

}  // namespace baton
