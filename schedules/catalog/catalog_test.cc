// The catalog: goldens of every schedule compared whole, errors of bad requests, and properties over a wide grid.
#include "schedules/catalog/catalog.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "schedules/order/forward_only.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

struct Golden {
  const char* name;
  OrderRequest request;
  const char* text;
};

const Golden kGoldens[] = {
    {"naive", {1, 1}, "0F0 0B0\n"},
    {"naive", {2, 2}, "0F0 0B0 0F1 0B1\n1F0 1B0 1F1 1B1\n"},
    {"naive", {2, 1, 2}, "0F0 2F0 2B0 0B0\n1F0 3F0 3B0 1B0\n"},
    {"gpipe", {3, 1}, "0F0 0B0\n1F0 1B0\n2F0 2B0\n"},
    {"gpipe", {2, 3}, "0F0 0F1 0F2 0B0 0B1 0B2\n1F0 1F1 1F2 1B0 1B1 1B2\n"},
    {"gpipe", {2, 2, 2}, "0F0 0F1 2F0 2F1 2B0 2B1 0B0 0B1\n1F0 1F1 3F0 3F1 3B0 3B1 1B0 1B1\n"},
    {"1f1b", {1, 3}, "0F0 0B0 0F1 0B1 0F2 0B2\n"},
    {"1f1b", {4, 2}, "0F0 0F1 0B0 0B1\n1F0 1F1 1B0 1B1\n2F0 2F1 2B0 2B1\n3F0 3B0 3F1 3B1\n"},
    {"1f1b",
     {3, 4},
     "0F0 0F1 0F2 0B0 0F3 0B1 0B2 0B3\n1F0 1F1 1B0 1F2 1B1 1F3 1B2 1B3\n2F0 2B0 2F1 2B1 2F2 2B2 2F3 2B3\n"},
};

TEST_CASE("schedules match their goldens") {
  for (const Golden& golden : kGoldens) {
    INFO(golden.name << " p=" << golden.request.num_stages << " m=" << golden.request.num_micro_batches);
    auto order = MakeOrder(golden.name, golden.request);
    REQUIRE(order.ok());
    CHECK(FormatOrder(*order) == golden.text);
  }
}

TEST_CASE("columns of a formatted order line up") {
  ComputeOrder order;
  order.devices = {{{ActionKind::kForward, 10, 3}, {ActionKind::kBackwardInput, 0, 1}},
                   {{ActionKind::kBackwardWeight, 1, 2}, {ActionKind::kBackward, 4, 12}}};
  CHECK(FormatOrder(order) == "10F3 0I1\n1W2  4B12\n");
}

TEST_CASE("the forward-only order") {
  CHECK(FormatOrder(ForwardOnly(MakeOrder("gpipe", {2, 2, 2}).value())) == "0F0 0F1 2F0 2F1\n1F0 1F1 3F0 3F1\n");
  CHECK(FormatOrder(ForwardOnly(MakeOrder("1f1b", {2, 3}).value())) == "0F0 0F1 0F2\n1F0 1F1 1F2\n");
}

// True if every action can run: each device in order, an action once what it reads is there.
bool Runs(const ComputeOrder& order) {
  std::map<std::tuple<bool, int, int>, bool> done;  // (is forward, chunk, micro-batch)
  std::vector<size_t> cursors(order.devices.size(), 0);
  bool moved = true;
  while (moved) {
    moved = false;
    for (size_t device = 0; device < cursors.size(); ++device) {
      while (cursors[device] < order.devices[device].size()) {
        const Action& action = order.devices[device][cursors[device]];
        const bool forward = action.kind == ActionKind::kForward;
        const int from = forward ? action.chunk - 1 : action.chunk + 1;
        bool ready = from < 0 || from >= order.num_chunks || done[{forward, from, action.micro_batch}];
        if (!forward) ready = ready && done[{true, action.chunk, action.micro_batch}];
        if (action.kind == ActionKind::kBackwardWeight) ready = done[{false, action.chunk, action.micro_batch}];
        if (!ready) break;
        if (action.kind != ActionKind::kBackwardWeight) done[{forward, action.chunk, action.micro_batch}] = true;
        ++cursors[device];
        moved = true;
      }
    }
  }
  for (size_t device = 0; device < cursors.size(); ++device) {
    if (cursors[device] != order.devices[device].size()) return false;
  }
  return true;
}

TEST_CASE("every schedule does each work once, on its device, and can run") {
  for (const ScheduleInfo& info : Catalog()) {
    for (int p : {1, 2, 3, 4, 7, 8}) {
      for (int m : {1, 2, 3, 5, 8, 17}) {
        for (int v : {1, 2, 3}) {
          if (v != info.default_chunks && !info.takes_chunks) continue;
          INFO(info.name << " p=" << p << " m=" << m << " v=" << v);
          auto order = MakeOrder(info.name, {p, m, v});
          REQUIRE(order.ok());
          REQUIRE(order->num_chunks == p * v);
          std::map<std::tuple<ActionKind, int, int>, int> times;
          bool on_its_device = true;
          bool ascends = true;
          for (int device = 0; device < p; ++device) {
            std::map<std::pair<bool, int>, int> last_backward;  // (is backward-input, chunk)
            for (const Action& action : order->devices[device]) {
              ++times[{action.kind, action.chunk, action.micro_batch}];
              on_its_device = on_its_device && order->DeviceOf(action.chunk, action.micro_batch) == device;
              if (action.kind == ActionKind::kForward) continue;
              const bool is_input = action.kind == ActionKind::kBackwardInput;
              auto [entry, is_first] = last_backward.insert({{is_input, action.chunk}, -1});
              ascends = ascends && action.micro_batch > entry->second;
              entry->second = action.micro_batch;
            }
          }
          CHECK(on_its_device);
          CHECK(ascends);
          bool once = true;
          for (int chunk = 0; chunk < p * v; ++chunk) {
            for (int micro_batch = 0; micro_batch < m; ++micro_batch) {
              const int both = times[{ActionKind::kBackward, chunk, micro_batch}];
              once = once && times[{ActionKind::kForward, chunk, micro_batch}] == 1 &&
                     both + times[{ActionKind::kBackwardInput, chunk, micro_batch}] == 1 &&
                     both + times[{ActionKind::kBackwardWeight, chunk, micro_batch}] == 1;
            }
          }
          CHECK(once);
          CHECK(Runs(*order));
        }
      }
    }
  }
}

TEST_CASE("1f1b has at most p - i live micro-batches on device i") {
  const int p = 5;
  for (int m : {1, 3, 5, 12}) {
    auto order = MakeOrder("1f1b", {p, m});
    REQUIRE(order.ok());
    for (int device = 0; device < p; ++device) {
      int live = 0;
      int peak = 0;
      for (const Action& action : order->devices[device]) {
        live += action.kind == ActionKind::kForward ? 1 : -1;
        peak = std::max(peak, live);
      }
      CHECK(peak == std::min(p - device, m));
    }
  }
}

TEST_CASE("bad requests name the field, its value and what is allowed") {
  struct Case {
    const char* name;
    OrderRequest request;
    const char* message;
  };
  const Case cases[] = {
      {"gpip",
       {2, 2},
       "pipeline.schedule: \"gpip\" is not a known schedule; known are naive, gpipe, 1f1b, eager-1f1b, "
       "interleaved, looped-bfs, zb-h1, zb-h2, zb-v, v-half, v-min, wave, dualpipe-v, chimera, dualpipe"},
      {"gpipe", {0, 2}, "pipeline.stages: 0; must be at least 1"},
      {"gpipe", {2, -1}, "batch.micro_batches: -1; must be at least 1"},
      {"gpipe", {2, 2, -1}, "pipeline.chunks_per_device: -1; must be at least 1"},
      {"zb-v", {2, 2, 3}, "pipeline.chunks_per_device: 3; schedule \"zb-v\" takes exactly 2 chunks per device"},
      {"interleaved",
       {4, 8, 2, 3},
       "pipeline.micro_batch_group: 3; must be at least pipeline.stages, 4, or 0 for as many"},
      {"interleaved",
       {4, 8, 2, -1},
       "pipeline.micro_batch_group: -1; must be at least pipeline.stages, 4, or 0 for as many"},
      {"1f1b", {4, 8, 1, 4}, "pipeline.micro_batch_group: 4; schedule \"1f1b\" has no groups"},
      {"1f1b", {2, 2, 2}, "pipeline.chunks_per_device: 2; schedule \"1f1b\" takes exactly 1 chunk per device"},
      {"gpipe",
       {100000, 100000},
       "batch.micro_batches: 100000 with pipeline.stages 100000 and pipeline.chunks_per_device 1; their product must "
       "be at most 67108864"},
      {"naive",
       {2147483647, 2147483647, 2147483647},
       "batch.micro_batches: 2147483647 with pipeline.stages 2147483647 and pipeline.chunks_per_device 2147483647; "
       "their product must be at most 67108864"},
  };
  for (const Case& row : cases) {
    auto order = MakeOrder(row.name, row.request);
    CHECK(order.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(order.status().message() == row.message);
  }
}

TEST_CASE("long and wide pipelines are made") {
  for (const ScheduleInfo& info : Catalog()) {
    INFO(info.name);
    CHECK(MakeOrder(info.name, {100000, 3}).ok());
    CHECK(MakeOrder(info.name, {3, 100000}).ok());
  }
}

}  // namespace
}  // namespace baton
