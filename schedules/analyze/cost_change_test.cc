// The words of "what if", and what they do to a cost model.
#include "schedules/analyze/cost_change.h"

#include <catch2/catch.hpp>

#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

CostModel Costs() {
  CostModel costs = EqualMilliseconds(4, 100);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = 1000;
    chunk.backward_input_ns = 2000;
    chunk.backward_weight_ns = 3000;
    chunk.update_ns = 400;
  }
  costs.load_ns = 50;
  costs.reduce_ns = 60;
  return costs;
}

CostModel After(const std::string& text, const std::string& schedule = "1f1b") {
  CostModel costs = Costs();
  const Program program = SimulateNamed(schedule, {4, 4}, costs).program;
  const std::vector<CostChange> changes = ParseCostChanges(text).value();
  for (const CostChange& change : changes) {
    const absl::Status status = ApplyCostChange(change, program, text, costs);
    REQUIRE(status.ok());
  }
  return costs;
}

// All times, for comparison.
std::vector<Nanos> TimesOf(const CostModel& costs) {
  std::vector<Nanos> times = {costs.transfer_ns, costs.load_ns, costs.reduce_ns};
  for (const ChunkCosts& chunk : costs.chunks) {
    times.insert(times.end(), {chunk.forward_ns, chunk.backward_input_ns, chunk.backward_weight_ns, chunk.update_ns});
  }
  times.insert(times.end(), costs.link_ns.begin(), costs.link_ns.end());
  return times;
}

TEST_CASE("each change does what it says and nothing else") {
  struct Row {
    const char* text;
    void (*change)(CostModel&);
  };
  const Row row =
      GENERATE(Row{"link 2x faster", [](CostModel& c) { c.transfer_ns = 50; }},
               Row{"Transfers 50 % slower", [](CostModel& c) { c.transfer_ns = 150; }},
               Row{"link 1-2 3x slower",
                   [](CostModel& c) {
                     c.link_ns = {100, 300, 100, 100};
                   }},
               Row{"link 2-1 3x slower",
                   [](CostModel& c) {
                     c.link_ns = {100, 300, 100, 100};
                   }},
               Row{"chunk 3 20% faster",
                   [](CostModel& c) {
                     ChunkCosts& chunk = c.chunks[3];
                     chunk.forward_ns = 800, chunk.backward_input_ns = 1600, chunk.backward_weight_ns = 2400,
                     chunk.update_ns = 320;
                   }},
               Row{"chunk 0 backward 2x faster",
                   [](CostModel& c) {
                     c.chunks[0].backward_input_ns = 1000;
                     c.chunks[0].backward_weight_ns = 1500;
                   }},
               Row{"device 2 backward-weight 2x slower", [](CostModel& c) { c.chunks[2].backward_weight_ns = 6000; }},
               Row{"chunk 1 backward-input 10% faster", [](CostModel& c) { c.chunks[1].backward_input_ns = 1800; }},
               Row{"forward 2 x slower",
                   [](CostModel& c) {
                     for (ChunkCosts& chunk : c.chunks) chunk.forward_ns = 2000;
                   }},
               Row{"optimizer 100% faster",
                   [](CostModel& c) {
                     for (ChunkCosts& chunk : c.chunks) chunk.update_ns = 0;
                   }},
               Row{"load 2x faster", [](CostModel& c) { c.load_ns = 25; }},
               Row{"Load 2X FASTER", [](CostModel& c) { c.load_ns = 25; }},
               Row{"reduce 2x faster and chunk 2 forward 1.5x slower, load 2x slower", [](CostModel& c) {
                     c.reduce_ns = 30;
                     c.chunks[2].forward_ns = 1500;
                     c.load_ns = 100;
                   }});
  CAPTURE(row.text);
  CHECK(LooksLikeCostChange(row.text));
  CostModel expected = Costs();
  row.change(expected);
  CHECK(TimesOf(After(row.text)) == TimesOf(expected));
}

TEST_CASE("a device's change reaches all chunks on it, in any placement") {
  CostModel costs = EqualMilliseconds(8);
  const Program program = SimulateNamed("zb-v", {4, 4}, costs).program;
  REQUIRE(ApplyCostChange(ParseCostChanges("device 0 forward 2x slower").value()[0], program, "", costs).ok());
  for (int chunk = 0; chunk < 8; ++chunk) {
    CHECK(costs.chunks[chunk].forward_ns == (chunk == 0 || chunk == 7 ? 2'000'000 : 1'000'000));
  }
}

TEST_CASE("a change that is not understood is refused with its text and examples") {
  const std::string text = GENERATE(
      "faster", "chunk 3 faster", "chunk 3 20% quicker", "chunk x 20% faster", "chunk -1 20% faster",
      "chunk 1.5 20% faster", "chunk 3 20 faster", "chunk 3 0x faster", "chunk 3 -5% slower", "chunk 3 101% faster",
      "chunk 3 nan% faster", "chunk 3 infx slower", "link 3 2x faster", "link 0-2 2x faster",
      "link 2147483647-2147483647 2x faster", "device 2x faster", "wheel 2x faster", "link forward 2x faster",
      "link 2x faster,", "chunk 3 forward backward 2x faster", "chunk 99999999999 2x faster", "");
  CAPTURE(text);
  const absl::Status status = ParseCostChanges(text).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(status.message()).find("write a change like ") != std::string::npos);
}

TEST_CASE("chunks, devices and links that do not exist are refused") {
  CostModel costs = Costs();
  const Program program = SimulateNamed("1f1b", {4, 4}, costs).program;
  auto message = [&](const std::string& text) {
    return std::string(ApplyCostChange(ParseCostChanges(text).value()[0], program, text, costs).message());
  };
  CHECK(message("chunk 4 2x faster") == "\"chunk 4 2x faster\": there is no chunk 4; there are 4, numbered from 0");
  CHECK(message("device 7 2x faster") == "\"device 7 2x faster\": there is no device 7; there are 4, numbered from 0");
  CHECK(message("link 3-4 2x faster") == "\"link 3-4 2x faster\": there is no chunk 4; there are 4, numbered from 0");
  const Program copies = SimulateNamed("chimera", {4, 4}, costs).program;
  const std::string text = "device 1 2x faster";
  CHECK_FALSE(ApplyCostChange(ParseCostChanges(text).value()[0], copies, text, costs).ok());
}

}  // namespace
}  // namespace baton
