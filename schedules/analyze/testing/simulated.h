// Small pipelines whose timing is known by hand, for the tests of trace/, analyze/ and draw/.
#ifndef BATON_SCHEDULES_ANALYZE_TESTING_SIMULATED_H_
#define BATON_SCHEDULES_ANALYZE_TESTING_SIMULATED_H_

#include <string>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/simulate/simulate.h"

namespace baton {

struct Simulated {
  Program program;
  CostModel costs;
  Trace trace;
};

// `costs` has one entry for each chunk of the schedule.
inline Simulated SimulateNamed(const std::string& schedule, const OrderRequest& request, const CostModel& costs,
                               const TransportModel& transport = {}) {
  Simulated result;
  result.costs = costs;
  LowerOptions options;
  options.schedule = schedule;
  options.costs = costs;
  options.transport = transport;
  result.program = Lower(MakeOrder(schedule, request).value(), options).value();
  result.trace = Simulate(result.program, costs, {transport}).value();
  return result;
}

// Equal chunks: forward 1 ms, backward 1 + 1 ms.
inline CostModel EqualMilliseconds(int chunks, Nanos transfer_ns = 0) {
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1'000'000;
  costs.chunks.assign(chunks, chunk);
  costs.transfer_ns = transfer_ns;
  return costs;
}

inline Simulated SimulateEqual(const std::string& schedule, int stages, int micro_batches, Nanos transfer_ns = 0) {
  const int chunks = stages * FindSchedule(schedule).value()->default_chunks;
  return SimulateNamed(schedule, {stages, micro_batches}, EqualMilliseconds(chunks, transfer_ns));
}

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_TESTING_SIMULATED_H_
