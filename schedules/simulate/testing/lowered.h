// Costs and programs that the simulator's tests share.
#ifndef BATON_SCHEDULES_SIMULATE_TESTING_LOWERED_H_
#define BATON_SCHEDULES_SIMULATE_TESTING_LOWERED_H_

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/simulate/simulate.h"

namespace baton {

// Equal chunks; times in nanoseconds.
inline CostModel UniformCosts(int num_chunks, Nanos forward, Nanos input, Nanos weight, Nanos transfer) {
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = forward;
  chunk.backward_input_ns = input;
  chunk.backward_weight_ns = weight;
  costs.chunks.assign(num_chunks, chunk);
  costs.transfer_ns = transfer;
  return costs;
}

inline Program LowerNamed(const std::string& name, const OrderRequest& request, const CostModel& costs,
                          std::vector<ReduceGroup> groups = {}) {
  auto order = MakeOrder(name, request);
  REQUIRE(order.ok());
  auto program = Lower(*order, {name, costs, std::move(groups)});
  REQUIRE(program.ok());
  return *std::move(program);
}

inline Trace MustSimulate(const Program& program, const CostModel& costs) {
  auto trace = Simulate(program, costs);
  INFO(trace.status());
  REQUIRE(trace.ok());
  return *std::move(trace);
}

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_TESTING_LOWERED_H_
