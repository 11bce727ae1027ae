// Properties of every schedule of the catalog: it is whole and can run, is never slower than 1f1b, and meets the bubble
// and the memory that its papers give.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string_view>
#include <tuple>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/catalog/testing/replay.h"

namespace baton {
namespace {

ComputeOrder Make(std::string_view name, const OrderRequest& request) {
  auto order = MakeOrder(name, request);
  INFO(order.status().message());
  REQUIRE(order.ok());
  return *std::move(order);
}

Replay RunAtUnitCosts(std::string_view name, const OrderRequest& request) {
  return RunAtUnitCosts(Make(name, request));
}

std::vector<int> ChunkCounts(const ScheduleInfo& info) {
  return info.takes_chunks ? std::vector<int>{1, 2, 3, 4} : std::vector<int>{info.default_chunks};
}

TEST_CASE("no schedule that pipelines is slower than 1f1b, whatever p, m and v") {
  for (const ScheduleInfo& info : Catalog()) {
    if (info.name == "naive") continue;
    for (int p : {1, 2, 3, 4, 5, 6, 7, 8, 12}) {
      for (int m = 1; m <= 20; ++m) {
        for (int v : ChunkCounts(info)) {
          INFO(info.name << " p=" << p << " m=" << m << " v=" << v);
          REQUIRE(RunAtUnitCosts(info.name, {p, m, v}).makespan <= 3 * v * (m + p - 1));
        }
      }
    }
  }
}

TEST_CASE("every group size of interleaved is as fast as any") {
  for (int p : {1, 2, 3, 4, 8}) {
    for (int m = p; m <= 3 * p + 2; ++m) {
      for (int v : {1, 2, 3}) {
        for (int group : {p, p + 1, 2 * p, 5 * p}) {
          INFO("p=" << p << " m=" << m << " v=" << v << " group=" << group);
          REQUIRE(RunAtUnitCosts("interleaved", {p, m, v, group}).makespan == 3 * (v * m + p - 1));
        }
      }
    }
  }
}

// Bubble times in chunk times at F = B = W = 1 of a chunk; the devices' own work is 3vm.
TEST_CASE("bubbles are those of the papers") {
  for (int p = 1; p <= 12; ++p) {
    for (int m : {2 * p, 2 * p + 1, 3 * p, 4 * p + 3}) {
      INFO("p=" << p << " m=" << m);
      auto bubble = [&](std::string_view name, int v) { return RunAtUnitCosts(name, {p, m, v}).makespan - 3 * v * m; };
      auto span_bubble = [&](std::string_view name, int v) { return RunAtUnitCosts(name, {p, m, v}).span - 3 * v * m; };
      CHECK(bubble("gpipe", 1) == 3 * (p - 1));
      CHECK(bubble("1f1b", 1) == 3 * (p - 1));
      CHECK(bubble("eager-1f1b", 1) == 3 * (p - 1));
      for (int v : {1, 2, 3, 4}) {
        CHECK(RunAtUnitCosts("naive", {p, m, v}).makespan == 3 * v * m * p);
        CHECK(bubble("interleaved", v) == 3 * (p - 1));
        CHECK(bubble("looped-bfs", v) == 3 * (p - 1));
        CHECK(bubble("wave", v) == (v == 2 ? 4 : 3) * (p - 1));
        CHECK(RunAtUnitCosts("wave", {p, p, v}).makespan - 3 * v * p == (v == 1 ? 3 : 4) * (p - 1));
      }
      CHECK(span_bubble("zb-h1", 1) == p - 1);
      CHECK(span_bubble("zb-h2", 1) == 0);
      CHECK(span_bubble("zb-v", 2) == 0);
      CHECK(bubble("zb-v", 2) == p - 1);  // the last device begins so much later
      CHECK(bubble("dualpipe-v", 2) == p - 1);
      if (p >= 3) {
        CHECK(span_bubble("v-half", 2) == 3 * p - 4);
        CHECK(span_bubble("v-min", 2) == (p % 3 == 0 ? 4 * p - 3 : 4 * p - 5));
      }
    }
  }
}

// The zero-bubble papers' formulas hold for unequal costs too, with transfers that take time.
TEST_CASE("bubbles of ZB-H1 and ZB-H2 follow F, B, W and c") {
  ChunkCosts stage;
  for (auto [f, b, w] : {std::tuple{10, 10, 10}, {20, 20, 11}, {20, 19, 15}}) {
    stage.forward_ns = f;
    stage.backward_input_ns = b;
    stage.backward_weight_ns = w;
    for (int p : {2, 4, 8}) {
      const int m = 3 * p;
      INFO("p=" << p << " F=" << f << " B=" << b << " W=" << w);
      for (int c : {0, 1}) {
        CHECK(RunOrder(Make("zb-h1", {p, m}), stage, c).span - m * (f + b + w) == (p - 1) * (f + b - w + 4 * c));
        CHECK(RunOrder(Make("zb-h2", {p, m}), stage, c).span - m * (f + b + w) == (p - 1) * (f + b - 2 * w + 2 * c));
      }
    }
  }
}

TEST_CASE("the fullest device has the peak that the papers give") {
  for (int p = 1; p <= 12; ++p) {
    for (int m = 1; m <= 30; ++m) {
      INFO("p=" << p << " m=" << m);
      auto peak = [&](std::string_view name, int v = 0) { return RunAtUnitCosts(name, {p, m, v}).peak_live; };
      CHECK(peak("naive") == 1);
      CHECK(peak("gpipe") == m);
      CHECK(peak("looped-bfs", 3) == 3 * m);
      CHECK(peak("1f1b") == std::min(p, m));
      CHECK(peak("eager-1f1b") == std::min(2 * p - 1, m));
      CHECK(peak("zb-h1") == std::min(p, m));
      CHECK(peak("zb-h2") == std::min(2 * p - 1, m));
      for (int v : {2, 3, 4}) {
        const int num_groups = std::max(1, m / p);
        const int group = (m + num_groups - 1) / num_groups;  // the largest; p if p divides m
        CHECK(peak("interleaved", v) == std::min(2 * (p - 1) + (v - 1) * group + 1, v * m));
      }
      // Those with a limit, in chunks: exactly the limit as soon as there are micro-batches enough to fill it.
      struct Limit {
        const char* name;
        int chunks;
      };
      for (auto [name, chunks] : {Limit{"zb-v", 2 * p}, {"v-half", 2 * ((p + 2) / 2)}, {"v-min", 2 * ((p + 4) / 3)}}) {
        INFO(name);
        CHECK(peak(name) <= std::min(chunks, 2 * m));
        if (m >= 2 * p) CHECK(peak(name) == chunks);
      }
      for (int v : {1, 2, 3, 4}) CHECK(peak("wave", v) <= std::min((v * v + 1) / 2 * p, v * m));
      if (m >= p) CHECK(peak("wave", 2) == 2 * p);
      CHECK(peak("dualpipe-v") <= std::min(2 * p + 1, 2 * m));
      if (m >= 2 * p) CHECK(peak("dualpipe-v") == 2 * p + 1);
    }
  }
}

// A row of table 5 of the Zero Bubble paper, times in ms.
struct PaperRow {
  const char* model;
  double forward, backward_input, backward_weight, transfer;
  double one_f_one_b, interleaved, zb_h1, zb_h2;
  int chunks;  // of 1F1B-I: the paper splits into single layers, 24 and 32 of them
};

TEST_CASE("the rows of the Zero Bubble paper come out to four decimals") {
  const PaperRow rows[] = {{"1.5B", 18.522, 18.086, 9.337, 0.601, 0.2431, 0.1055, 0.1585, 0.1083, 3},
                           {"6.2B", 29.718, 29.444, 19.927, 0.527, 0.2347, 0.0808, 0.1323, 0.0698, 4}};
  const int p = 8;
  const int m = 24;
  for (const PaperRow& row : rows) {
    ChunkCosts stage;
    stage.forward_ns = std::llround(row.forward * 1e6);
    stage.backward_input_ns = std::llround(row.backward_input * 1e6);
    stage.backward_weight_ns = std::llround(row.backward_weight * 1e6);
    const Nanos transfer_ns = std::llround(row.transfer * 1e6);
    auto ratio = [&](std::string_view name, const OrderRequest& request) {
      const double span = RunOrder(Make(name, request), stage, transfer_ns).span;
      return (span - m * static_cast<double>(stage.forward_ns + stage.backward_ns())) / span;
    };
    INFO(row.model);
    CHECK(ratio("1f1b", {p, m}) == Approx(row.one_f_one_b).margin(0.00005).epsilon(0));
    CHECK(ratio("zb-h1", {p, m}) == Approx(row.zb_h1).margin(0.00005).epsilon(0));
    CHECK(ratio("zb-h2", {p, m}) == Approx(row.zb_h2).margin(0.00005).epsilon(0));
    // A group larger than p leaves transfers the time of a chunk.
    CHECK(ratio("interleaved", {p, m, row.chunks, 12}) <= row.interleaved);
    CHECK(ratio("eager-1f1b", {p, m}) < row.one_f_one_b);
  }
}

TEST_CASE("the steady state of dualpipe-v is pairs of a forward and a backward of two micro-batches") {
  for (int p : {1, 2, 3, 4, 8}) {
    for (int m : {2 * p, 2 * p + 1, 5 * p}) {
      INFO("p=" << p << " m=" << m);
      const ComputeOrder order = Make("dualpipe-v", {p, m});
      for (int device = 0; device < p; ++device) {
        const std::vector<Action>& actions = order.devices[device];
        int num_pairs = 0;
        for (size_t i = 0; i + 1 < actions.size(); ++i) {
          const Action& first = actions[i];
          const Action& second = actions[i + 1];
          num_pairs += first.kind == ActionKind::kForward && second.kind == ActionKind::kBackward &&
                       first.micro_batch != second.micro_batch && first.chunk != second.chunk;
        }
        // Each turn of the steady state has two pairs; then there is one for each device behind this one.
        CHECK(num_pairs == 2 * (m - 2 * p + device + 1) + (p - 1 - device));
      }
    }
  }
}

TEST_CASE("the schedules with a memory limit find an order for long pipelines too") {
  for (const char* name : {"zb-v", "v-half", "v-min"}) {
    for (int p : {13, 14, 15, 16, 17, 31, 32, 33, 64, 100}) {
      for (int m : {1, 2, p / 3, p / 2, p - 1, p, 2 * p - 1, 3 * p}) {
        INFO(name << " p=" << p << " m=" << m);
        REQUIRE(RunAtUnitCosts(name, {p, m}).makespan <= 6 * (m + p - 1));
      }
    }
  }
}

}  // namespace
}  // namespace baton
