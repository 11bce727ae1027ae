// Times of the search as schedules grow: its constructive part, its bound, and one move. Run with
//   bazel run //tools/bench:search_bench
// v is 1 for the loop with one chunk a device, 2 for the V; `limit` is the memory in percent of the peak of 1F1B. Costs
// are those of the 6.2B model of docs/schedules.md; items are passes.
#include <benchmark/benchmark.h>

#include "schedules/search/improve.h"
#include "schedules/search/list_scheduler.h"
#include "schedules/search/lower_bound.h"
#include "schedules/search/search.h"

namespace baton {
namespace {

PreparedSearch Prepare(const benchmark::State& state) {
  const int p = static_cast<int>(state.range(0));
  const int v = static_cast<int>(state.range(2));
  ChunkCosts chunk;
  chunk.forward_ns = 29'718'000 / v;
  chunk.backward_input_ns = 29'444'000 / v;
  chunk.backward_weight_ns = 19'927'000 / v;
  CostModel costs;
  costs.chunks.assign(p * v, chunk);
  costs.transfer_ns = 527'000;
  SearchOptions options;
  options.placement = v == 2 ? Placement::kV : Placement::kLoop;
  options.objective = Objective::kSpan;
  options.limit.micro_batches = {p * static_cast<double>(state.range(3)) / 100};
  options.limit.weight_fraction = 0.432;
  return PrepareSearch({p, static_cast<int>(state.range(1)), v}, costs, options).value();
}

void CountPasses(benchmark::State& state, const SearchProblem& problem) {
  state.SetItemsProcessed(state.iterations() * problem.num_passes());
}

// Also counts the gap between the constructive part alone and the bound.
void ConstructOrders(benchmark::State& state) {
  const PreparedSearch prepared = Prepare(state);
  Word word;
  Nanos objective = 0;
  for (auto _ : state) {
    objective = Construct(prepared.problem, kNever, word);
    benchmark::DoNotOptimize(word);
  }
  const double bound = static_cast<double>(LowerBound(prepared.problem));
  state.counters["gap_percent"] = 100 * (static_cast<double>(objective) - bound) / bound;
  CountPasses(state, prepared.problem);
}

void FindBounds(benchmark::State& state) {
  const PreparedSearch prepared = Prepare(state);
  for (auto _ : state) benchmark::DoNotOptimize(LowerBound(prepared.problem));
  CountPasses(state, prepared.problem);
}

void TryMoves(benchmark::State& state) {
  const PreparedSearch prepared = Prepare(state);
  Word word;
  Construct(prepared.problem, kNever, word);
  Improver improver(prepared.problem, word, 1);
  for (auto _ : state) improver.Move();
  CountPasses(state, prepared.problem);
}

void Sizes(benchmark::internal::Benchmark* bench) {
  for (const int v : {1, 2}) {
    for (const int limit : {100, 200}) {
      for (const int p : {8, 32, 64}) bench->Args({p, p == 8 ? 24 : 8 * p, v, limit});
    }
  }
  bench->ArgNames({"p", "m", "v", "limit"})->Unit(benchmark::kMillisecond);
}

BENCHMARK(ConstructOrders)->Apply(Sizes);
BENCHMARK(FindBounds)->Apply(Sizes);
BENCHMARK(TryMoves)->Apply(Sizes);

}  // namespace
}  // namespace baton

BENCHMARK_MAIN();
