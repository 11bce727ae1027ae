// Costs measured from simulated traces.
#include "schedules/trace/measured_costs.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

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

TEST_CASE("costs measured on shared cores are those of a device alone") {
  for (const char* name : {"gpipe", "1f1b", "zb-h1"}) {
    for (const SharedCores& cores :
         {SharedCores{1, 1, 0}, SharedCores{2, 1, 0}, SharedCores{3, 2, 0}, SharedCores{1, 1, 2}}) {
      Simulated run = SimulateEqual(name, 4, 8, 7000);
      run.costs.chunks[1].forward_ns = 2'500'000;
      run.costs.cores = cores;
      CAPTURE(name, cores.cores, cores.threads_each, cores.devices_per_host);
      run.trace = Simulate(run.program, run.costs).value();
      MeasuredCosts measured(run.program, cores);
      measured.Add(run.program, run.trace);
      const CostModel costs = measured.ToCostModel(run.costs);
      for (int chunk = 0; chunk < 4; ++chunk) {
        CHECK(std::abs(costs.chunks[chunk].forward_ns - run.costs.chunks[chunk].forward_ns) <= 4);
        CHECK(std::abs(costs.chunks[chunk].backward_ns() - run.costs.chunks[chunk].backward_ns()) <= 8);
      }
      // The same step again, but for the rounding of each event.
      const Nanos again = StepTimeOf(Simulate(run.program, costs).value());
      CHECK(std::abs(again - StepTimeOf(run.trace)) <= 200);
    }
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
