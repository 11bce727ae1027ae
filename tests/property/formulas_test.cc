// The catalog's formulas of bubble and memory match exactly what compiled programs take when simulated.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "tests/property/catalog_grid.h"

namespace baton {
namespace {

constexpr Nanos kUnit = 12;  // 1 to 4 chunks divide it

// In units of F = B = W = kUnit: idle time in all of the step, and in the longest span.
struct Bubble {
  double step;
  double span;
};

Bubble MeasureBubble(const Case& which) {
  const StepReport report = Run(which, EqualCosts(which, kUnit, kUnit, kUnit)).report;
  Nanos span = 0;
  for (const DeviceReport& device : report.devices) span = std::max(span, device.span);
  return {report.bubble_ratio * static_cast<double>(report.step_time) / kUnit,
          report.span_bubble_ratio * static_cast<double>(span) / kUnit};
}

TEST_CASE("bubbles at unit costs are those of the formulas") {
  for (int p : {1, 2, 3, 4, 5, 8, 9, 12}) {
    for (int m : {2 * p, 2 * p + 1, 4 * p + 3}) {
      INFO("p=" << p << " m=" << m);
      auto bubble = [&](const char* name, int v) { return MeasureBubble({name, p, m, v}).step; };
      auto span_bubble = [&](const char* name, int v) { return MeasureBubble({name, p, m, v}).span; };
      const double whole = 3.0 * (p - 1);  // (p−1)T
      for (int v : {1, 2, 3, 4}) {
        INFO("v=" << v);
        CHECK(bubble("naive", v) == Approx(whole * m));
        CHECK(bubble("gpipe", v) == Approx(whole / v));
        CHECK(bubble("looped-bfs", v) == Approx(whole / v));
        CHECK(bubble("interleaved", v) == Approx(whole / v));
        CHECK(bubble("wave", v) == Approx(v == 2 ? 4 * whole / (3 * v) : whole / v));
      }
      CHECK(bubble("1f1b", 1) == Approx(whole));
      CHECK(bubble("eager-1f1b", 1) == Approx(whole));
      CHECK(span_bubble("zb-h1", 1) == Approx(p - 1.0));
      CHECK(span_bubble("zb-h2", 1) == Approx(0).margin(1e-9));
      CHECK(span_bubble("zb-v", 2) == Approx(0).margin(1e-9));
      CHECK(bubble("dualpipe-v", 2) == Approx(whole / 6));
      if (p % 2 == 0 && m % 2 == 0) CHECK(bubble("dualpipe", 1) == Approx((p - 2.0) / 6 * 3));
      if (p % 2 == 0 && m % p == 0) CHECK(bubble("chimera", 1) == Approx(2 * (p - 2.0) / 3 * 3));
      if (p < 3) continue;
      CHECK(span_bubble("v-half", 2) == Approx((3.0 * p - 4) / 6 * 3));
      CHECK(span_bubble("v-min", 2) == Approx((p % 3 == 0 ? 4.0 * p - 3 : 4.0 * p - 5) / 6 * 3));
    }
  }
}

// For costs that the papers allow: W no longer than F and B, transfers short beside the passes.
TEST_CASE("ZB-H1 and ZB-H2 follow F, B, W and c") {
  struct Times {
    Nanos forward, backward_input, backward_weight, transfer;
  };
  const Times times = GENERATE(Times{100, 100, 100, 0}, Times{100, 100, 100, 10}, Times{100, 95, 60, 5},
                               Times{185, 181, 93, 6}, Times{297, 294, 199, 5});
  const Nanos f = times.forward, b = times.backward_input, w = times.backward_weight, c = times.transfer;
  for (int p : {2, 3, 4, 8}) {
    for (int m : {3 * p, 3 * p + 2}) {
      INFO("p=" << p << " m=" << m << " F=" << f << " B=" << b << " W=" << w << " c=" << c);
      auto span_bubble = [&](const char* name) {
        const Case which = {name, p, m, 1};
        const StepReport report = Run(which, EqualCosts(which, f, b, w, c)).report;
        Nanos span = 0;
        for (const DeviceReport& device : report.devices) span = std::max(span, device.span);
        return span - m * (f + b + w);
      };
      CHECK(span_bubble("zb-h1") == (p - 1) * (f + b - w + 4 * c));
      CHECK(span_bubble("zb-h2") == (p - 1) * (f + b - 2 * w + 2 * c));
    }
  }
}

// The peak number of live activations on the fullest device, each of one chunk.
struct PeakRow {
  const char* schedule;
  int v;
  std::function<int(int p, int m)> chunks;
  bool only_if_many = false;  // the formula is exact for m >= 2p, and an upper bound for any m
};

TEST_CASE("the peak of the fullest device is that of the formulas, whatever the costs") {
  std::vector<PeakRow> table = {
      {"1f1b", 1, [](int p, int m) { return std::min(p, m); }},
      {"eager-1f1b", 1, [](int p, int m) { return std::min(2 * p - 1, m); }},
      {"zb-h1", 1, [](int p, int m) { return std::min(p, m); }},
      {"zb-h2", 1, [](int p, int m) { return std::min(2 * p - 1, m); }},
      {"zb-v", 2, [](int p, int m) { return 2 * std::min(p, m); }, true},
      {"v-half", 2, [](int p, int m) { return 2 * std::min((p + 2) / 2, m); }, true},
      {"v-min", 2, [](int p, int m) { return 2 * std::min((p + 4) / 3, m); }, true},
      {"wave", 2, [](int p, int m) { return 2 * std::min(p, m); }, true},
      {"dualpipe-v", 2, [](int p, int m) { return std::min(2 * p + 1, 2 * m); }, true},
      {"chimera", 1, [](int p, int m) { return std::min(p, m); }, true},
      {"dualpipe", 1, [](int p, int m) { return std::min(p + p % 2 + 1, p == 1 ? m / 2 + 1 : m); }, true},
  };
  for (int v : {1, 2, 3, 4}) {
    table.push_back({"naive", v, [v](int, int) { return v; }});
    table.push_back({"gpipe", v, [v](int, int m) { return v * m; }});
    table.push_back({"looped-bfs", v, [v](int, int m) { return v * m; }});
    if (v == 1) continue;
    table.push_back({"interleaved", v, [v](int p, int m) {
                       const int num_groups = std::max(1, m / p);
                       const int group = (m + num_groups - 1) / num_groups;
                       return std::min(2 * (p - 1) + (v - 1) * group + 1, v * m);
                     }});
  }
  std::mt19937 random(5);
  for (const PeakRow& row : table) {
    for (int p : {1, 2, 3, 4, 7, 8}) {
      for (int m : {1, 2, 3, 5, 2 * p, 2 * p + 3, 4 * p}) {
        const Case which = {row.schedule, p, m, row.v};
        INFO(ToString(which));
        const double peak = PeakMicroBatches(Run(which, RandomCosts(which, random)).report);
        CHECK(peak <= Approx(row.chunks(p, m) / static_cast<double>(row.v)));
        if (!row.only_if_many || m >= 2 * p) CHECK(peak == Approx(row.chunks(p, m) / static_cast<double>(row.v)));
      }
    }
  }
}

// If only activations take memory, the arena is exactly as large as their peak.
TEST_CASE("with one chunk on a device, its arena has room for exactly the peak") {
  ForEachCase({1, 2, 3, 8}, {1, 4, 16, 19}, [&](const Case& which) {
    if (which.v != 1) return;
    CostModel costs = EqualCosts(which, kUnit, kUnit, kUnit);
    for (ChunkCosts& chunk : costs.chunks) chunk.saved_weight_bytes = 10 * kBufferAlignment;
    const Outcome outcome = Run(which, costs);
    INFO(ToString(which));
    for (const DeviceReport& device : outcome.report.devices) {
      REQUIRE(device.peak_bytes == static_cast<Bytes>(device.peak_micro_batches) * 10 * kBufferAlignment);
    }
  });
}

}  // namespace
}  // namespace baton
