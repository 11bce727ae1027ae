// Traces with clocks that are off, put right by causality.
#include "schedules/trace/align_clocks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <variant>

#include "schedules/compile/compile.h"
#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

constexpr Nanos kHop = 1'000;

CostModel Costs() {
  CostModel costs;
  costs.chunks.assign(4, ChunkCosts{});
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 10'000;
  }
  costs.transfer_ns = kHop;
  return costs;
}

Program FourStages() {
  CompileRequest request;
  request.schedule = "1f1b";
  request.num_stages = 4;
  request.num_micro_batches = 6;
  request.costs = Costs();
  return Compile(request).value();
}

// The most by which a Recv ends before its Send was ready, over all pairs of devices.
Nanos WorstViolation(const Program& program, const Trace& trace) {
  Nanos worst = 0;
  for (int from = 0; from < program.num_devices(); ++from) {
    for (int to = 0; to < program.num_devices(); ++to) {
      std::vector<Nanos> ready, end;
      for (size_t i = 0; i < program.devices[from].instructions.size(); ++i) {
        const auto* send = std::get_if<Send>(&program.devices[from].instructions[i].operation);
        if (send != nullptr && send->peer == to) ready.push_back(trace.devices[from][i].ready);
      }
      for (size_t i = 0; i < program.devices[to].instructions.size(); ++i) {
        const auto* recv = std::get_if<Recv>(&program.devices[to].instructions[i].operation);
        if (recv != nullptr && recv->peer == from) end.push_back(trace.devices[to][i].end);
      }
      REQUIRE(ready.size() == end.size());
      for (size_t k = 0; k < ready.size(); ++k) worst = std::max(worst, ready[k] - end[k]);
    }
  }
  return worst;
}

TEST_CASE("no transfer ends before it began, whichever clocks are off") {
  const Program program = FourStages();
  const Trace exact = Simulate(program, Costs()).value();
  REQUIRE(WorstViolation(program, exact) == 0);
  const std::vector<Nanos> off =
      GENERATE(std::vector<Nanos>{0, 50'000, 0, 0}, std::vector<Nanos>{0, -50'000, 0, 0},
               std::vector<Nanos>{0, 0, -9'000, 80'000}, std::vector<Nanos>{0, -20'000, -40'000, -60'000},
               std::vector<Nanos>{0, 90'000, 60'000, 30'000});
  Trace trace = exact;
  for (int device = 0; device < 4; ++device) ShiftTimes(off[device], trace.devices[device]);
  REQUIRE(WorstViolation(program, trace) > 0);
  const std::vector<Nanos> shifts = AlignClocks(program, {0, 1, 2, 3}, trace);
  CHECK(WorstViolation(program, trace) == 0);
  CHECK(shifts[0] == 0);
  for (int device = 0; device < 4; ++device) {
    CHECK(trace.devices[device].front().end - trace.devices[device].front().start ==
          exact.devices[device].front().end - exact.devices[device].front().start);
  }
}

TEST_CASE("clocks that agree, and devices of one clock, are left alone") {
  const Program program = FourStages();
  Trace trace = Simulate(program, Costs()).value();
  CHECK(AlignClocks(program, {0, 1, 2, 3}, trace) == std::vector<Nanos>{0, 0, 0, 0});
  ShiftTimes(-50'000, trace.devices[1]);
  CHECK(AlignClocks(program, {0, 0, 1, 1}, trace).size() == 2);
}

}  // namespace
}  // namespace baton
