// Explanations of steps that were changed on purpose: the cause must be found, and the costs must add up.
#include "schedules/analyze/explain.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "schedules/analyze/testing/simulated.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

Nanos SumOfCosts(const Explanation& explanation) {
  Nanos sum = explanation.late_starts;
  for (const Difference& difference : explanation.differences) sum += difference.step_cost;
  return sum;
}

// Replays the run with some durations changed.
template <typename Change>
Trace Changed(const Simulated& run, Change change) {
  Durations durations = DurationsOf(run.trace);
  for (int device = 0; device < run.program.num_devices(); ++device) {
    for (size_t i = 0; i < durations[device].size(); ++i) {
      change(run.program.devices[device].instructions[i].operation, durations[device][i]);
    }
  }
  return Replay(run.program, durations).value();
}

TEST_CASE("a correct prediction needs no cause") {
  const Simulated run = SimulateEqual("1f1b", 4, 8, 100'000);
  const Explanation explanation = Explain(run.program, run.trace, run.trace).value();
  CHECK(explanation.StepDifference() == 0);
  CHECK(explanation.differences.empty());
  CHECK(explanation.late_starts == 0);
  CHECK(explanation.longest.empty());
  for (const Waiting& waiting : explanation.waitings) CHECK(waiting.measured == waiting.predicted);
  const auto sentences = InThreeSentences(run.program, explanation, {});
  REQUIRE(sentences.size() == 3);
  CHECK(sentences[0] == "The step took 34.6 ms, as long as predicted; the bubble was 30.6 %, the same.");
  CHECK(sentences[1] == "No part that ran longer or shorter changed the step by more than half a percent.");
}

TEST_CASE("a chunk that runs longer is found, with its effect on the step and the device that waited") {
  const Simulated run = SimulateEqual("1f1b", 4, 8);
  const Trace measured = Changed(run, [](const Operation& operation, Nanos& duration) {
    if (KindOf(operation) == Kind::kBackward && ChunkOf(operation) == 2) duration += 1'000'000;
  });
  const Explanation explanation = Explain(run.program, run.trace, measured).value();
  REQUIRE(explanation.differences.size() == 1);
  const Difference& difference = explanation.differences[0];
  CHECK(difference.name == "chunk 2 backward");
  CHECK(difference.count == 8);
  CHECK(difference.predicted_mean == 2'000'000);
  CHECK(difference.measured_mean == 3'000'000);
  CHECK(difference.step_cost == explanation.StepDifference());
  CHECK(explanation.StepDifference() == 7'000'000);  // one of eight is hidden in the fill
  CHECK(explanation.late_starts == 0);
  const auto waited = std::find_if(explanation.waitings.begin(), explanation.waitings.end(),
                                   [](const Waiting& waiting) { return waiting.for_chunk == 2; });
  REQUIRE(waited != explanation.waitings.end());
  CHECK(waited->measured > waited->predicted);
  REQUIRE(explanation.longest.size() == kMostLongInstructions);
  for (const LongInstruction& instruction : explanation.longest) {
    CHECK(instruction.ref.device == 2);
    CHECK(instruction.measured == 3'000'000);
    CHECK(instruction.step_cost >= 0);
    CHECK(instruction.step_cost <= 1'000'000);
  }
  const auto sentences = InThreeSentences(run.program, explanation, {});
  CHECK(sentences[0].find("longer than predicted") != std::string::npos);
  CHECK(sentences[1].find("The largest part of that is chunk 2 backward, which took 3.00 ms on average instead of "
                          "2.00 ms and cost the step ") == 0);
  CHECK(sentences[1].find(" longer for that chunk.") != std::string::npos);
  CHECK(sentences[2].find("Chunk 2 has the largest share") != std::string::npos);
}

TEST_CASE("slower transfers are found as links, both sides once") {
  const Simulated run = SimulateEqual("gpipe", 2, 4, 100'000);
  const Trace measured = Changed(run, [](const Operation& operation, Nanos& duration) {
    if (IsTransfer(KindOf(operation))) duration += 300'000;
  });
  const Explanation explanation = Explain(run.program, run.trace, measured).value();
  REQUIRE(explanation.differences.size() == 2);
  for (const Difference& difference : explanation.differences) {
    CHECK((difference.name == "link 0→1" || difference.name == "link 1→0"));
    CHECK(difference.count == 4);
    CHECK(difference.measured_mean == 400'000);
  }
  CHECK(explanation.StepDifference() == 600'000);
  CHECK(SumOfCosts(explanation) == 600'000);
}

TEST_CASE("late starts and long durations are separate causes") {
  const Simulated run = SimulateEqual("gpipe", 1, 4);
  Trace measured = run.trace;
  Nanos shift = 0;
  for (Interval& interval : measured.devices[0]) {
    interval.ready += shift;
    shift += 500'000;
    interval.start += shift;
    interval.end += shift;
  }
  const Explanation explanation = Explain(run.program, run.trace, measured).value();
  CHECK(explanation.differences.empty());
  CHECK(explanation.late_starts == explanation.StepDifference());
  CHECK(explanation.measured_blame.dispatch == shift);
  CHECK(InThreeSentences(run.program, explanation, {})[1].find(" lost between instructions") != std::string::npos);
}

TEST_CASE("the step costs add up to the difference, whatever differs") {
  const char* schedule = GENERATE("1f1b", "zb-h1", "zb-v", "chimera", "interleaved");
  const Simulated run = SimulateEqual(schedule, 4, 8, 200'000);
  unsigned state = 7;
  Trace measured = Changed(run, [&state](const Operation&, Nanos& duration) {
    state = state * 1664525u + 1013904223u;
    duration += static_cast<Nanos>(state >> 8) % 400'000 - 150'000;
    duration = std::max<Nanos>(0, duration);
  });
  const Explanation explanation = Explain(run.program, run.trace, measured).value();
  CHECK(SumOfCosts(explanation) == explanation.StepDifference());
  CHECK(explanation.late_starts == 0);
  CHECK(explanation.longest.size() == kMostLongInstructions);
}

TEST_CASE("two measured steps are compared like a prediction and one") {
  const Simulated run = SimulateEqual("1f1b", 3, 4);
  TraceNames names;
  names.than = "in a.json";
  const auto sentences = InThreeSentences(run.program, Explain(run.program, run.trace, run.trace).value(), names);
  CHECK(sentences[0].find(", as long as in a.json; ") != std::string::npos);
}

}  // namespace
}  // namespace baton
