// The memory curve: its peak is the report's, it ends where it began, and it never exceeds the arena.
#include "schedules/trace/memory_timeline.h"

#include <catch2/catch.hpp>

#include "schedules/analyze/analysis.h"
#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

double PeakOf(const std::vector<MemoryPoint>& points) {
  double peak = 0;
  for (const MemoryPoint& point : points) peak = std::max(peak, point.live);
  return peak;
}

void CheckRises(const std::vector<MemoryPoint>& points) {
  REQUIRE_FALSE(points.empty());
  CHECK(points.front().at == 0);
  for (size_t i = 1; i < points.size(); ++i) {
    CHECK(points[i].at > points[i - 1].at);
    CHECK(points[i].live != points[i - 1].live);
  }
}

TEST_CASE("without sizes the curve counts micro-batches, up to the report's peak") {
  const char* schedule = GENERATE("1f1b", "gpipe", "zb-h2", "zb-v", "interleaved", "dualpipe");
  const Simulated run = SimulateEqual(schedule, 4, 8);
  const StepReport report = Analyze(run.program, run.trace);
  const MemoryTimeline timeline = MemoryOverTime(run.program, run.trace);
  CHECK_FALSE(timeline.in_bytes);
  double most = 0;
  for (int device = 0; device < 4; ++device) {
    CheckRises(timeline.devices[device]);
    CHECK(PeakOf(timeline.devices[device]) == Approx(report.devices[device].peak_micro_batches));
    CHECK(timeline.devices[device].back().live == Approx(0));
    most = std::max(most, report.devices[device].peak_micro_batches);
  }
  CHECK(timeline.peak == Approx(most));
}

TEST_CASE("with sizes the curve counts bytes, between permanent memory and the arena") {
  const char* schedule = GENERATE("1f1b", "gpipe", "zb-h1", "zb-v");
  const int chunks = schedule == std::string("zb-v") ? 8 : 4;
  CostModel costs = EqualMilliseconds(chunks, 100'000);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.parameter_bytes = 4096;
    chunk.optimizer_bytes = 8192;
    chunk.input_bytes = chunk.output_bytes = 640;
    chunk.saved_bytes = 1024;
    chunk.saved_weight_bytes = 2048;
    chunk.workspace_bytes = 512;
  }
  costs.chunks.back().output_bytes = 0;
  const Simulated run = SimulateNamed(schedule, {4, 6}, costs);
  const MemoryTimeline timeline = MemoryOverTime(run.program, run.trace);
  CHECK(timeline.in_bytes);
  for (int device = 0; device < 4; ++device) {
    CheckRises(timeline.devices[device]);
    const double permanent = (2 * 4096 + 8192) * (chunks / 4) + 512;
    CHECK(timeline.permanent[device] == permanent);
    CHECK(timeline.devices[device].back().live == permanent);
    CHECK(PeakOf(timeline.devices[device]) <= static_cast<double>(run.program.devices[device].arena_bytes));
    // The activations of the live micro-batches are part of the peak.
    const double live = Analyze(run.program, run.trace).devices[device].peak_micro_batches * (chunks / 4);
    CHECK(PeakOf(timeline.devices[device]) >= permanent + live * 2048);
  }
}

TEST_CASE("a buffer is live from the start of its writer to the end of its last reader") {
  CostModel costs = EqualMilliseconds(1);
  costs.chunks[0].saved_weight_bytes = 1024;
  const Simulated run = SimulateNamed("gpipe", {1, 2}, costs);
  const MemoryTimeline timeline = MemoryOverTime(run.program, run.trace);
  // F0 F1 B0 B1, of 1, 1, 2 and 2 ms.
  std::vector<std::pair<Nanos, double>> points;
  for (const MemoryPoint& point : timeline.devices[0]) points.emplace_back(point.at, point.live);
  CHECK(points ==
        std::vector<std::pair<Nanos, double>>{{0, 1024}, {1'000'000, 2048}, {4'000'000, 1024}, {6'000'000, 0}});
}

}  // namespace
}  // namespace baton
