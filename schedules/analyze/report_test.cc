// Analysis, timeline and Chrome trace of small programs whose timing is known by hand.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "schedules/analyze/analysis.h"
#include "schedules/catalog/catalog.h"
#include "schedules/draw/timeline.h"
#include "schedules/lower/lower.h"
#include "schedules/simulate/simulate.h"
#include "schedules/trace/chrome_trace.h"
#include "schedules/trace/measured_costs.h"

namespace baton {
namespace {

struct Simulated {
  Program program;
  CostModel costs;
  Trace trace;
};

// Equal stages: forward 1 ms, backward 1 + 1 ms.
Simulated SimulateEqual(const char* schedule, int stages, int micro_batches, Nanos transfer_ns = 0) {
  Simulated result;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1'000'000;
  result.costs.chunks.assign(stages, chunk);
  result.costs.transfer_ns = transfer_ns;
  LowerOptions options;
  options.schedule = schedule;
  options.costs = result.costs;
  result.program = Lower(MakeOrder(schedule, {stages, micro_batches}).value(), options).value();
  result.trace = Simulate(result.program, result.costs).value();
  return result;
}

TEST_CASE("bubble, busy time and held micro-batches of 1F1B and GPipe are those of the papers") {
  const int p = GENERATE(1, 2, 3, 4, 8);
  const int m = GENERATE(1, 2, 3, 8, 13);
  for (const char* schedule : {"gpipe", "1f1b"}) {
    const Simulated run = SimulateEqual(schedule, p, m);
    const StepReport report = Analyze(run.program, run.trace);
    CHECK(report.step_time == (m + p - 1) * 3'000'000);
    CHECK(report.bubble_ratio == Approx((p - 1.0) / (m + p - 1)));
    for (int device = 0; device < p; ++device) {
      const DeviceReport& row = report.devices[device];
      CHECK(row.busy == m * 3'000'000);
      CHECK(row.work == row.busy);
      CHECK(row.busy + row.idle.Total() == report.step_time);
      CHECK(row.idle.fill == device * 1'000'000);
      CHECK(row.idle.transfer == 0);
      CHECK(row.idle.dispatch == 0);
      CHECK(row.peak_micro_batches == (schedule == std::string("gpipe") ? m : std::min(p - device, m)));
    }
  }
}

TEST_CASE("with transfers, the time on their way is told from the neighbour's compute") {
  // m = 1: device 0 does F, then waits for: transfer, F and B of device 1 (3 ms), transfer back.
  const Simulated run = SimulateEqual("1f1b", 2, 1, /*transfer_ns=*/250'000);
  const StepReport report = Analyze(run.program, run.trace);
  CHECK(report.step_time == 6'500'000);
  CHECK(report.devices[0].idle.transfer == 250'000);
  CHECK(report.devices[0].idle.neighbour == 3'250'000);
  CHECK(report.devices[1].idle.fill == 1'250'000);
  CHECK(report.devices[1].idle.drain == 2'250'000);
  CHECK(report.span_bubble_ratio == Approx(3.5 / 6.5));
}

TEST_CASE("time between the last wait and the start is dispatch") {
  Simulated run = SimulateEqual("gpipe", 1, 2);
  int forwards = 0;
  Nanos shift = 0;
  for (size_t i = 0; i < run.program.devices[0].instructions.size(); ++i) {
    // Everything from the second forward on starts 100 µs late.
    if (std::holds_alternative<Forward>(run.program.devices[0].instructions[i].operation) && ++forwards == 2) {
      shift = 100'000;
    }
    run.trace.devices[0][i].start += shift;
    run.trace.devices[0][i].end += shift;
  }
  const StepReport report = Analyze(run.program, run.trace);
  CHECK(report.devices[0].idle.dispatch == 100'000);
  CHECK(report.devices[0].idle.Total() == 100'000);
}

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

TEST_CASE("of many devices the first, the last and some between are chosen") {
  CHECK(ChooseDevices(4, 4) == std::vector<int>{0, 1, 2, 3});
  CHECK(ChooseDevices(4, 9) == std::vector<int>{0, 1, 2, 3});
  CHECK(ChooseDevices(64, 4) == std::vector<int>{0, 21, 42, 63});
  CHECK(ChooseDevices(5, 2) == std::vector<int>{0, 4});
  CHECK(ChooseDevices(5, 1) == std::vector<int>{0});
  CHECK(ChooseDevices(1, 1) == std::vector<int>{0});
}

TEST_CASE("the Chrome trace is JSON whose arrows have two ends") {
  const Simulated run = SimulateEqual("1f1b", 3, 4, 1000);
  const nlohmann::json json = nlohmann::json::parse(ToChromeTrace(run.program, run.trace));
  std::map<std::string, int> ends;
  int slices = 0;
  for (const auto& event : json["traceEvents"]) {
    if (event["ph"] == "s") ends[event["id"]] += 1;
    if (event["ph"] == "f") ends[event["id"]] += 100;
    if (event["ph"] == "X") {
      ++slices;
      CHECK(event["dur"].get<double>() >= 0);
    }
  }
  size_t instructions = 0;
  for (const auto& device : run.program.devices) instructions += device.instructions.size();
  CHECK(slices == static_cast<int>(instructions));
  CHECK(ends.size() == 2 * 2 * 4);  // two neighbours, there and back, four micro-batches
  for (const auto& [id, count] : ends) CHECK(count == 101);
}

TEST_CASE("costs measured from a simulated trace are those that it was simulated with") {
  Simulated run = SimulateEqual("1f1b", 3, 4, 7000);
  run.costs.chunks[1].backward_input_ns = 2'500'000;
  run.costs.chunks[2].update_ns = 123;
  run.costs.wake_ns = 2'000;
  run.trace = Simulate(run.program, run.costs).value();
  MeasuredCosts measured(run.program);
  measured.Add(run.program, run.trace);
  measured.Add(run.program, run.trace);
  const CostModel costs = measured.ToCostModel(run.costs);
  CHECK(costs.transfer_ns == 7000);
  CHECK(costs.wake_ns == 2'000);
  for (int chunk = 0; chunk < 3; ++chunk) {
    CHECK(costs.chunks[chunk].forward_ns == run.costs.chunks[chunk].forward_ns);
    CHECK(costs.chunks[chunk].backward_ns() == run.costs.chunks[chunk].backward_ns());
    CHECK(costs.chunks[chunk].update_ns == run.costs.chunks[chunk].update_ns);
  }
}

TEST_CASE("measured transfers replace links and tables, which they contain") {
  Simulated run = SimulateEqual("1f1b", 2, 4, 7000);
  const Trace plain = Simulate(run.program, run.costs).value();
  MeasuredCosts measured(run.program);
  measured.Add(run.program, plain);
  CostModel shape = run.costs;
  shape.link_ns = {1'000'000, 0};
  shape.bytes_per_ns = 1e-3;
  shape.devices_per_node = 1;
  shape.inter = {5'000'000, 0};
  const CostModel costs = measured.ToCostModel(shape);
  const Trace again = Simulate(run.program, costs).value();
  for (int device = 0; device < 2; ++device) {
    for (size_t i = 0; i < plain.devices[device].size(); ++i) {
      REQUIRE(again.devices[device][i].end == plain.devices[device][i].end);
    }
  }
}

}  // namespace
}  // namespace baton
