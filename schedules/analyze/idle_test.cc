// Idle spans: that they and the work fill the step, and that their causes are those of the gaps.
#include "schedules/analyze/idle.h"

#include <catch2/catch.hpp>

#include "schedules/analyze/analysis.h"
#include "schedules/analyze/testing/simulated.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

TEST_CASE("idle spans and instructions fill the step, whatever the schedule") {
  const char* schedule = GENERATE("1f1b", "gpipe", "zb-h2", "zb-v", "dualpipe", "interleaved", "naive");
  const Nanos transfer = GENERATE(0, 300'000);
  const Simulated run = SimulateEqual(schedule, 4, 8, transfer);
  const StepReport report = Analyze(run.program, run.trace);
  for (int device = 0; device < 4; ++device) {
    const DeviceProgram& code = run.program.devices[device];
    const auto spans = IdleSpansOf(code, run.trace.devices[device], report.step_time);
    size_t next = 0;
    Nanos now = 0;
    for (size_t i = 0; i < code.instructions.size(); ++i) {
      if (!IsBusy(KindOf(code.instructions[i].operation))) continue;
      while (next < spans.size() && spans[next].begin == now && spans[next].before == static_cast<int32_t>(i)) {
        CHECK(spans[next].end > spans[next].begin);
        now = spans[next++].end;
      }
      REQUIRE(run.trace.devices[device][i].start == now);
      now = run.trace.devices[device][i].end;
    }
    if (next < spans.size()) {
      CHECK(spans[next].before == -1);
      CHECK(spans[next].begin == now);
      now = spans[next++].end;
    }
    CHECK(next == spans.size());
    CHECK(now == report.step_time);
  }
}

TEST_CASE("a gap is split where the neighbour is done and where the data arrives") {
  // Device 0 waits for: the transfer there, forward and backward of device 1, the transfer back.
  const Simulated run = SimulateEqual("1f1b", 2, 1, 250'000);
  const auto spans = IdleSpansOf(run.program.devices[0], run.trace.devices[0], 6'500'000);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].cause == IdleCause::kNeighbour);
  CHECK(spans[0].begin == 1'000'000);
  CHECK(spans[0].end == 4'250'000);
  CHECK(spans[1].cause == IdleCause::kTransfer);
  CHECK(spans[1].end == 4'500'000);
  CHECK(KindOf(run.program.devices[0].instructions[spans[1].before].operation) == Kind::kBackward);
}

TEST_CASE("the time in which an awaited sum runs has a cause of its own") {
  CostModel costs = EqualMilliseconds(2);
  costs.reduce_ns = 500'000;
  for (ChunkCosts& chunk : costs.chunks) chunk.update_ns = 100'000;
  LowerOptions options{
      "gpipe", costs, {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}, {ReduceKind::kGradientNorm, "", {0, 1}, 64}}};
  const Program program = Lower(*MakeOrder("gpipe", {2, 1}), options).value();
  const Trace trace = Simulate(program, costs).value();
  // Device 1 has done its backward at 4 ms, device 0 at 6 ms. Both sums follow each other, then the Update.
  const auto spans = IdleSpansOf(program.devices[1], trace.devices[1], StepTimeOf(trace));
  REQUIRE(spans.size() == 4);
  CHECK(spans[0].cause == IdleCause::kFill);
  CHECK(spans[1].cause == IdleCause::kDrain);
  CHECK(spans[1].end == 6'000'000);
  CHECK(spans[2].cause == IdleCause::kCollective);
  CHECK(spans[2].end == 6'500'000);
  CHECK(spans[3].cause == IdleCause::kCollective);
  CHECK(spans[3].end == 7'000'000);
  const StepReport report = Analyze(program, trace);
  CHECK(report.devices[1].idle.collective == 1'000'000);
  CHECK(report.devices[1].collective == 1'000'000);
  CHECK(HiddenCollectives(report) == 0.0);
  CHECK(WordsFor(IdleCause::kCollective) == std::string("waits for a collective"));
}

TEST_CASE("collectives are hidden as far as nothing waits for them, and overlapping ones count once") {
  CostModel costs = EqualMilliseconds(2);
  costs.reduce_ns = 500'000;
  LowerOptions options{
      "gpipe", costs, {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}, {ReduceKind::kGradientNorm, "", {0, 1}, 64}}};
  const Program program = Lower(*MakeOrder("gpipe", {2, 1}), options).value();
  Trace trace = Simulate(program, costs).value();
  for (auto& device : trace.devices) {
    for (Interval& interval : device) {
      if (interval.start == 6'500'000 && interval.end == 7'000'000) interval.start = 6'250'000;
    }
  }
  CHECK(Analyze(program, trace).devices[0].collective == 1'000'000);
  StepReport report;
  CHECK_FALSE(HiddenCollectives(report).has_value());
  report.devices.resize(2);
  report.devices[0].collective = report.devices[1].collective = 10;
  report.devices[0].idle.collective = 4;
  CHECK(HiddenCollectives(report).value() == Approx(0.8));
}

TEST_CASE("causes and kinds have names of their own") {
  for (int i = 0; i < kNumIdleCauses; ++i) {
    for (int j = 0; j < i; ++j) {
      CHECK(std::string(NameOf(static_cast<IdleCause>(i))) != NameOf(static_cast<IdleCause>(j)));
      CHECK(std::string(WordsFor(static_cast<IdleCause>(i))) != WordsFor(static_cast<IdleCause>(j)));
    }
  }
  for (int i = 0; i < kNumKinds; ++i) {
    for (int j = 0; j < i; ++j) CHECK(std::string(NameOf(static_cast<Kind>(i))) != NameOf(static_cast<Kind>(j)));
  }
}

}  // namespace
}  // namespace baton
