// Times of making an order, lowering, proving and simulating it, as schedules grow. Run with
//   bazel run //tools/bench:schedules_bench
// Each row is one of these for 1F1B with p stages and m micro-batches; items are instructions.
#include <benchmark/benchmark.h>

#include <string>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

CostModel BenchCosts(int num_chunks) {
  ChunkCosts chunk;
  chunk.forward_ns = 100;
  chunk.backward_input_ns = 100;
  chunk.backward_weight_ns = 80;
  chunk.update_ns = 10;
  chunk.parameter_bytes = 4096;
  chunk.optimizer_bytes = 8192;
  chunk.input_bytes = chunk.output_bytes = 1024;
  chunk.saved_bytes = chunk.saved_weight_bytes = chunk.stash_bytes = 1024;
  CostModel costs;
  costs.chunks.assign(num_chunks, chunk);
  costs.transfer_ns = 5;
  return costs;
}

OrderRequest Request(const benchmark::State& state) {
  return {static_cast<int>(state.range(0)), static_cast<int>(state.range(1))};
}

absl::StatusOr<Program> LowerOneFOneB(const OrderRequest& request) {
  const absl::StatusOr<ComputeOrder> order = MakeOrder("1f1b", request);
  if (!order.ok()) return order.status();
  return Lower(*order, {"1f1b", BenchCosts(request.num_stages)});
}

int64_t CountInstructions(const Program& program) {
  int64_t count = 0;
  for (const DeviceProgram& code : program.devices) count += static_cast<int64_t>(code.instructions.size());
  return count;
}

void MakeOrders(benchmark::State& state) {
  for (auto _ : state) {
    auto order = MakeOrder("1f1b", Request(state));
    if (!order.ok()) return state.SkipWithError(order.status().ToString().c_str());
    benchmark::DoNotOptimize(order);
  }
}

void LowerOrders(benchmark::State& state) {
  const auto order = MakeOrder("1f1b", Request(state));
  int64_t num_instructions = 0;
  for (auto _ : state) {
    auto program = Lower(*order, {"1f1b", BenchCosts(Request(state).num_stages)});
    if (!program.ok()) return state.SkipWithError(program.status().ToString().c_str());
    state.PauseTiming();
    num_instructions += CountInstructions(*program);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(num_instructions);
}

void ProvePrograms(benchmark::State& state) {
  const auto program = LowerOneFOneB(Request(state));
  for (auto _ : state) {
    const absl::Status status = CheckProgram(*program);
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * CountInstructions(*program));
}

void SimulatePrograms(benchmark::State& state) {
  const auto program = LowerOneFOneB(Request(state));
  const CostModel costs = BenchCosts(Request(state).num_stages);
  for (auto _ : state) {
    const auto trace = Simulate(*program, costs);
    if (!trace.ok()) return state.SkipWithError(trace.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * CountInstructions(*program));
}

void AllTogether(benchmark::State& state) {
  int64_t num_instructions = 0;
  for (auto _ : state) {
    const auto program = LowerOneFOneB(Request(state));
    if (!program.ok() || !CheckProgram(*program).ok()) return state.SkipWithError("unsound");
    const auto trace = Simulate(*program, BenchCosts(Request(state).num_stages));
    if (!trace.ok()) return state.SkipWithError(trace.status().ToString().c_str());
    num_instructions += CountInstructions(*program);
  }
  state.SetItemsProcessed(num_instructions);
}

void Sizes(benchmark::internal::Benchmark* bench) {
  for (int scale : {1, 2, 4, 8}) bench->Args({64 * scale, 512 * scale});
  bench->ArgNames({"p", "m"})->Unit(benchmark::kMillisecond)->Iterations(1);
}

BENCHMARK(MakeOrders)->Apply(Sizes);
BENCHMARK(LowerOrders)->Apply(Sizes);
BENCHMARK(ProvePrograms)->Apply(Sizes);
BENCHMARK(SimulatePrograms)->Apply(Sizes);
BENCHMARK(AllTogether)->Apply(Sizes);

}  // namespace
}  // namespace baton

BENCHMARK_MAIN();
