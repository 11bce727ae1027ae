// The three sentences that an explanation ends with.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "schedules/analyze/explain.h"
#include "schedules/analyze/move_layer.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

// Differences below this share of the step are not worth a sentence.
constexpr double kNotableShare = 0.005;

std::string HowMuchDiffers(const Explanation& explanation, const TraceNames& names) {
  const double predicted = static_cast<double>(std::max<Nanos>(1, explanation.predicted.step_time));
  const Nanos difference = explanation.StepDifference();
  std::string text = absl::StrCat("The step took ", FormatDuration(explanation.measured.step_time), ", ");
  if (difference == 0) {
    absl::StrAppend(&text, "as long as ", names.than);
  } else {
    absl::StrAppend(&text, FormatDuration(std::abs(difference)), " (",
                    FormatPercent(std::abs(static_cast<double>(difference)) / predicted), ") ",
                    difference > 0 ? "longer" : "shorter", " than ", names.than);
  }
  const double before = explanation.predicted.bubble_ratio;
  const double after = explanation.measured.bubble_ratio;
  return absl::StrCat(text, "; the bubble was ", FormatPercent(after), ", ",
                      std::abs(after - before) < 0.0005 ? "the same" : FormatSignedPoints(after - before), ".");
}

// The device that waited longer because of a chunk, as "; device 2 waited 1.50 ms longer for that chunk"; empty if none
// did.
std::string WhoWaited(const Program& program, const Explanation& explanation, const Difference& cause) {
  const InstructionRef ref = cause.instructions.front();
  const int chunk = ChunkOf(program.devices[ref.device].instructions[ref.instruction].operation);
  for (const Waiting& waiting : explanation.waitings) {
    const Nanos longer = waiting.measured - waiting.predicted;
    if (waiting.for_chunk != chunk || longer <= 0) continue;
    return absl::StrCat("; device ", waiting.device, " waited ", FormatDuration(longer), " longer for that chunk");
  }
  return "";
}

std::string WhatMadeItSo(const Program& program, const Explanation& explanation, const TraceNames& names) {
  const double least = kNotableShare * static_cast<double>(explanation.predicted.step_time);
  const auto largest = std::max_element(
      explanation.differences.begin(), explanation.differences.end(),
      [](const Difference& a, const Difference& b) { return std::abs(a.step_cost) < std::abs(b.step_cost); });
  const Nanos late = explanation.late_starts;
  const Nanos most = largest == explanation.differences.end() ? 0 : largest->step_cost;
  if (static_cast<double>(std::max(std::abs(most), std::abs(late))) < least) {
    return "No part that ran longer or shorter changed the step by more than half a percent.";
  }
  if (std::abs(late) >= std::abs(most)) {
    return absl::StrCat("The largest part of that is ", FormatDuration(std::abs(late)), late > 0 ? " lost" : " gained",
                        " between instructions: they started ", late > 0 ? "later" : "earlier",
                        " than their waits explain, as when threads share cores or a sleeping thread wakes late.");
  }
  const std::string ran = absl::StrCat(FormatDuration(largest->measured_mean), " on average instead of ",
                                       FormatDuration(largest->predicted_mean));
  return absl::StrCat("The largest part of that is ", largest->name, ", which took ", ran,
                      most > 0 ? " and cost the step " : " and saved the step ", FormatDuration(std::abs(most)),
                      most > 0 ? WhoWaited(program, explanation, *largest) : "", ".");
}

std::string WhereTheTimeIs(const Explanation& explanation) {
  const Blame& blame = explanation.measured_blame;
  const int chunk = MostCriticalChunk(blame);
  const Nanos time = blame.chunks[chunk].Total().time;
  const Nanos transfers = blame.Transfers().time;
  const auto share = [&](Nanos part) {
    return FormatPercent(static_cast<double>(part) / static_cast<double>(std::max<Nanos>(1, blame.step_time)));
  };
  if (blame.dispatch > std::max(time, transfers)) {
    return absl::StrCat(
        "The host's late dispatch is ", share(blame.dispatch),
        " of the measured critical path: fewer devices on these cores, or larger micro-batches, help most.");
  }
  if (transfers > time) {
    return absl::StrCat("Transfers are ", share(transfers),
                        " of the measured critical path: faster links, or a schedule with fewer chunks, help most.");
  }
  return absl::StrCat("Chunk ", chunk, " has the largest share of the measured critical path, ", share(time),
                      ": any time it saves there shortens the step, until another path is the longest.");
}

}  // namespace

std::vector<std::string> InThreeSentences(const Program& program, const Explanation& explanation,
                                          const TraceNames& names) {
  return {HowMuchDiffers(explanation, names), WhatMadeItSo(program, explanation, names), WhereTheTimeIs(explanation)};
}

}  // namespace baton
