// Reports of small pipelines whose timing is known by hand.
#include "schedules/analyze/analysis.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

TEST_CASE("bubble, busy time and peak micro-batches of 1F1B and GPipe are those of the papers") {
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

TEST_CASE("time in transit and the neighbour's compute are separate causes") {
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

TEST_CASE("a device that waits for a core does not compute: the bubble is all that is not work") {
  const char* const schedule = GENERATE("naive", "gpipe", "1f1b", "zb-h1", "zb-v");
  const int cores = GENERATE(1, 2, 3, 4);
  const int p = 4, m = 6;
  const int chunks = p * FindSchedule(schedule).value()->default_chunks;
  CostModel costs = EqualMilliseconds(chunks, 30'000);
  costs.cores.cores = cores;
  const Simulated run = SimulateNamed(schedule, {p, m}, costs);
  const StepReport report = Analyze(run.program, run.trace);
  const Nanos work = Nanos{3'000'000} * m * (chunks / p);
  Nanos waits = 0;
  for (const DeviceReport& device : report.devices) {
    // Each instruction may end a nanosecond late.
    CHECK(std::abs(device.busy - work) < 1'000);
    CHECK(std::abs(device.work - work) < 1'000);
    CHECK(device.busy + device.core_wait + device.idle.Total() == report.step_time);
    waits += device.core_wait;
  }
  CHECK(report.bubble_ratio ==
        Approx(1 - static_cast<double>(work) / static_cast<double>(report.step_time)).margin(0.0001));
  const bool never_waits = cores == p || schedule == std::string("naive");
  CHECK((waits == 0) == never_waits);
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

}  // namespace
}  // namespace baton
