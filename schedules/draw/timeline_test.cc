// Text timelines of small pipelines whose timing is known by hand.
#include "schedules/draw/timeline.h"

#include <catch2/catch.hpp>

#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

TEST_CASE("the timeline draws each device's work to scale") {
  const Simulated run = SimulateEqual("1f1b", 2, 2);
  CHECK(DrawTimeline(run.program, run.trace, {100, false}) ==
        "device 0 |0-1-....0===..1===|\n"
        "device 1 |..0-0===1-1===....|\n"
        "'.' idle, '-' forward, '=' backward; numbers are micro-batches; a cell is 500 µs\n");
  // Where an instruction is too narrow for its number, the sign stands alone.
  CHECK(DrawTimeline(run.program, run.trace, {9, false}) ==
        "device 0 |--..0=.1=|\n"
        "device 1 |.-0=-1=..|\n"
        "'.' idle, '-' forward, '=' backward; numbers are micro-batches; a cell is 1.00 ms\n");
  TimelineOptions brief;
  brief.brief = true;
  CHECK(DrawTimeline(run.program, run.trace, brief) == "0|0-1-....0===..1===\n1|..0-0===1-1===....\n");
  const std::string colored = DrawTimeline(run.program, run.trace, {100, true});
  CHECK(colored.find("\033[44;97m0-1-\033[0m....") != std::string::npos);
}

// Two chunks with a tied parameter; the sum of its gradients and each Update take a millisecond.
Simulated Summed() {
  Simulated run;
  run.costs = EqualMilliseconds(2);
  run.costs.reduce_ns = 1'000'000;
  for (ChunkCosts& chunk : run.costs.chunks) chunk.update_ns = 1'000'000;
  LowerOptions options{"1f1b", run.costs, {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}}};
  run.program = Lower(MakeOrder("1f1b", {2, 1}).value(), options).value();
  run.trace = Simulate(run.program, run.costs).value();
  return run;
}

TEST_CASE("collectives have a lane below their device") {
  const Simulated run = Summed();
  CHECK(
      DrawTimeline(run.program, run.trace, {100, false}) ==
      "device 0 |0-......0===..##|\n"
      "         |            ss  |\n"
      "device 1 |..0-0===......##|\n"
      "         |            ss  |\n"
      "'.' idle, '-' forward, '=' backward, '#' optimizer update, below: 's' all-reduce; numbers are micro-batches; a "
      "cell is 500 µs\n");
  TimelineOptions brief;
  brief.brief = true;
  CHECK(DrawTimeline(run.program, run.trace, brief) == "0|0-......0===..##\n1|..0-0===......##\n");
}

TEST_CASE("several kinds of collectives have a line of the legend") {
  Simulated run;
  run.costs = EqualMilliseconds(2);
  run.costs.reduce_ns = 1'000'000;
  LowerOptions options{"chimera", run.costs};
  options.shards_optimizer = true;
  run.program = Lower(MakeOrder("chimera", {2, 2}).value(), options).value();
  run.trace = Simulate(run.program, run.costs).value();
  const std::string timeline = DrawTimeline(run.program, run.trace, {100, false});
  INFO(timeline);
  CHECK(timeline.find("|gg") != std::string::npos);
  CHECK(timeline.find("rr") != std::string::npos);
  CHECK(timeline.find("'=' backward\nbelow: 'r' reduce-scatter, 'g' all-gather; numbers are micro-batches; a cell") !=
        std::string::npos);
}

TEST_CASE("a timeline too narrow for single instructions says what each device mostly did") {
  const Simulated run = SimulateEqual("gpipe", 2, 64);
  CHECK(DrawTimeline(run.program, run.trace, {6, false}) ==
        "device 0 |--====|\n"
        "device 1 |--====|\n"
        "'.' mostly idle, '-' forward, '=' backward; a cell is 32.5 ms\n");
  const Simulated mixed = SimulateEqual("1f1b", 1, 64);
  CHECK(DrawTimeline(mixed.program, mixed.trace, {4, false}) ==
        "device 0 |++++|\n"
        "'.' mostly idle, '+' forward and backward; a cell is 48.0 ms\n");
}

TEST_CASE("ChooseDevices takes the first, the last and evenly spaced ones between") {
  CHECK(ChooseDevices(4, 4) == std::vector<int>{0, 1, 2, 3});
  CHECK(ChooseDevices(4, 9) == std::vector<int>{0, 1, 2, 3});
  CHECK(ChooseDevices(64, 4) == std::vector<int>{0, 21, 42, 63});
  CHECK(ChooseDevices(5, 2) == std::vector<int>{0, 4});
  CHECK(ChooseDevices(5, 1) == std::vector<int>{0});
  CHECK(ChooseDevices(1, 1) == std::vector<int>{0});
}

}  // namespace
}  // namespace baton
