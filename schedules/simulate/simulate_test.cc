// The simulator against closed formulas, published figures and steps worked out by hand.
#include "schedules/simulate/simulate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "schedules/order/forward_only.h"
#include "schedules/simulate/testing/lowered.h"

namespace baton {
namespace {

// The longest time from a device's own first Forward or backward to its own last.
Nanos Span(const Program& program, const Trace& trace) {
  Nanos span = 0;
  for (int device = 0; device < program.num_devices(); ++device) {
    Nanos first = -1;
    Nanos last = 0;
    for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
      const Operation& operation = program.devices[device].instructions[i].operation;
      if (!std::holds_alternative<Forward>(operation) && !std::holds_alternative<Backward>(operation)) continue;
      if (first < 0) first = trace.devices[device][i].start;
      last = trace.devices[device][i].end;
    }
    span = std::max(span, last - first);
  }
  return span;
}

TEST_CASE("makespans are those of the closed formulas") {
  const Nanos forward = 10;
  const Nanos backward = 21;
  for (int p : {1, 2, 3, 4, 7, 8}) {
    for (int m : {1, 2, 3, 5, 8, 16, 31}) {
      INFO("p=" << p << " m=" << m);
      const CostModel costs = UniformCosts(p, forward, 12, 9, 0);
      const Nanos total = forward + backward;
      CHECK(StepTimeOf(MustSimulate(LowerNamed("naive", {p, m}, costs), costs)) == m * p * total);
      CHECK(StepTimeOf(MustSimulate(LowerNamed("gpipe", {p, m}, costs), costs)) == (m + p - 1) * total);
      CHECK(StepTimeOf(MustSimulate(LowerNamed("1f1b", {p, m}, costs), costs)) == (m + p - 1) * total);
    }
  }
}

TEST_CASE("breadth-first GPipe shrinks the bubble by the number of chunks") {
  for (int v : {1, 2, 3, 4}) {
    for (int p : {2, 4}) {
      const int m = 8;
      const CostModel costs = UniformCosts(p * v, 12, 12, 12, 0);
      // m·v chunk passes of work, and the bubble of p − 1 passes of one chunk.
      CHECK(StepTimeOf(MustSimulate(LowerNamed("gpipe", {p, m, v}, costs), costs)) == (m * v + p - 1) * 36);
    }
  }
}

TEST_CASE("sums of groups' gradients follow the last backward pass of each group") {
  CostModel costs = UniformCosts(2, 10, 10, 10, 0);
  const auto step_time = [&](const std::string& schedule, int sum_groups) {
    LowerOptions options;
    options.schedule = schedule;
    options.costs = costs;
    options.sum_groups = sum_groups;
    const Program program = Lower(MakeOrder(schedule, {2, 8}).value(), options).value();
    return StepTimeOf(MustSimulate(program, costs));
  };
  const Nanos naive = step_time("naive", 1), zb_h1 = step_time("zb-h1", 1);
  CHECK(step_time("naive", 4) == naive);
  for (ChunkCosts& chunk : costs.chunks) chunk.fold_ns = 1;
  CHECK(step_time("naive", 1) == naive);
  // The folds of 8 micro-batches in 4 groups: a move, a sum and a move, a move, two sums; gradient_folds.h draws them.
  // A naive order runs one pass at a time.
  CHECK(step_time("naive", 4) == naive + 2 * 6);
  CHECK(step_time("zb-h1", 4) > zb_h1);
}

TEST_CASE("a whole backward pass takes once what both halves repeat") {
  CostModel costs = UniformCosts(2, 10, 12, 9, 0);
  for (ChunkCosts& chunk : costs.chunks) chunk.repeated_ns = 5;
  CHECK(StepTimeOf(MustSimulate(LowerNamed("1f1b", {2, 4}, costs), costs)) == (4 + 1) * (10 + 12 + 9 - 5));
  const CostModel without = UniformCosts(2, 10, 12, 9, 0);
  CHECK(StepTimeOf(MustSimulate(LowerNamed("zb-h1", {2, 4}, costs), costs)) ==
        StepTimeOf(MustSimulate(LowerNamed("zb-h1", {2, 4}, without), without)));
}

TEST_CASE("latency adds a hop for every stage that the first micro-batch crosses") {
  const CostModel costs = UniformCosts(4, 10, 10, 10, 7);
  CHECK(StepTimeOf(MustSimulate(LowerNamed("gpipe", {4, 6}, costs), costs)) == (6 + 3) * 30 + 2 * 3 * 7);
  CHECK(StepTimeOf(MustSimulate(LowerNamed("naive", {4, 6}, costs), costs)) == 6 * (4 * 30 + 2 * 3 * 7));
}

TEST_CASE("1F1B replays the cells of the Zero Bubble paper's table 5") {
  struct Row {
    Nanos forward, input, weight, transfer;
    double ratio;
  };
  const Row rows[] = {{18522000, 18086000, 9337000, 601000, .2431}, {29718000, 29444000, 19927000, 527000, .2347}};
  for (const Row& row : rows) {
    const CostModel costs = UniformCosts(8, row.forward, row.input, row.weight, row.transfer);
    const Program program = LowerNamed("1f1b", {8, 24}, costs);
    const double span = static_cast<double>(Span(program, MustSimulate(program, costs)));
    const double work = 24.0 * (row.forward + row.input + row.weight);
    CHECK(std::round((span - work) / span * 1e4) / 1e4 == Approx(row.ratio).epsilon(1e-9));
  }
}

TEST_CASE("an AllReduce starts when the last device has arrived") {
  CostModel costs = UniformCosts(3, 10, 10, 10, 0);
  costs.reduce_ns = 5;
  for (ChunkCosts& chunk : costs.chunks) chunk.update_ns = 2;
  const Program program = LowerNamed(
      "gpipe", {3, 2}, costs,
      {{ReduceKind::kTiedGradient, "embedding", {0, 2}, 64}, {ReduceKind::kGradientNorm, "", {0, 1, 2}, 64}});
  const Trace trace = MustSimulate(program, costs);
  // Device 0 is the last to be done with its backwards, at (2 + 3 − 1) · 30.
  const auto& last = trace.devices[2];
  CHECK(last[last.size() - 3].ready == 80);
  CHECK(last[last.size() - 3].start == 120);
  CHECK(last[last.size() - 3].end == 125);
  CHECK(last[last.size() - 2].start == 125);
  CHECK(StepTimeOf(trace) == 120 + 5 + 5 + 2);
  const auto& middle = trace.devices[1];
  CHECK(middle[middle.size() - 2].ready == 100);
  CHECK(middle[middle.size() - 2].start == 125);
}

TEST_CASE("a forward-only program takes m + p - 1 forwards") {
  const CostModel costs = UniformCosts(4, 10, 20, 30, 0);
  auto program = Lower(ForwardOnly(*MakeOrder("gpipe", {4, 6})), {"forward", costs});
  REQUIRE(program.ok());
  CHECK(StepTimeOf(MustSimulate(*program, costs)) == (6 + 4 - 1) * 10);
}

TEST_CASE("wake_ns delays an instruction that waited for a transfer, and no other") {
  // One micro-batch goes down and up: two transfers that are waited for.
  CostModel costs = UniformCosts(2, 100, 60, 40, 10);
  const Nanos on_time = StepTimeOf(MustSimulate(LowerNamed("gpipe", {2, 1}, costs), costs));
  costs.wake_ns = 7;
  CHECK(StepTimeOf(MustSimulate(LowerNamed("gpipe", {2, 1}, costs), costs)) == on_time + 2 * 7);
  // With four micro-batches only the first forward of device 1 and the first backward of device 0 wait.
  const Program program = LowerNamed("gpipe", {2, 4}, costs);
  const Nanos late = StepTimeOf(MustSimulate(program, costs));
  costs.wake_ns = 0;
  CHECK(late == StepTimeOf(MustSimulate(program, costs)) + 2 * 7);
  // A single device waits for no transfer.
  CostModel alone = UniformCosts(1, 100, 60, 40, 10);
  alone.wake_ns = 1'000;
  CHECK(StepTimeOf(MustSimulate(LowerNamed("gpipe", {1, 3}, alone), alone)) == 3 * 200);
}

}  // namespace
}  // namespace baton
