// One matrix product of a linear layer by oneDNN on one thread, with its weights as the layer has them, packed in
// advance in the layout that oneDNN prefers, and by sgemm; and what the packing takes. Rates are per second of CPU
// time.
//
//   bazel run //tools/bench:products_bench -- --benchmark_enable_random_interleaving --benchmark_repetitions=5
#include <benchmark/benchmark.h>

#include <dnnl.hpp>
#include <vector>

#include "ops/host/one_dnn.h"

namespace baton {
namespace {

using dnnl::memory;

memory::desc Described(int64_t rows, int64_t columns, memory::format_tag layout) {
  return memory::desc({rows, columns}, memory::data_type::f32, layout);
}

// output ← input · weightᵀ, for a weight [outputs, inputs]. Arguments: rows, inputs, outputs.
struct Operands {
  explicit Operands(const benchmark::State& state)
      : rows(state.range(0)), inputs(state.range(1)), outputs(state.range(2)) {}

  const int64_t rows, inputs, outputs;
  std::vector<float> input = std::vector<float>(rows * inputs, 0.5f);
  std::vector<float> weight = std::vector<float>(outputs * inputs, 0.25f);
  std::vector<float> output = std::vector<float>(rows * outputs);
  const memory::desc of_input = Described(rows, inputs, memory::format_tag::ab);
  const memory::desc of_weight = Described(inputs, outputs, memory::format_tag::ba);
  const memory::desc of_output = Described(rows, outputs, memory::format_tag::ab);
};

void CountFlops(benchmark::State& state, const Operands& operands) {
  state.counters["flops/s"] =
      benchmark::Counter(2.0 * static_cast<double>(operands.rows * operands.inputs * operands.outputs),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void RunMatmul(benchmark::State& state, bool packs) {
  const ThreadScope scope(1);
  Operands operands(state);
  const dnnl::engine& engine = OneDnnEngine();
  dnnl::stream stream(engine);
  const memory::desc wanted =
      packs ? Described(operands.inputs, operands.outputs, memory::format_tag::any) : operands.of_weight;
  const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(operands.of_input, wanted, operands.of_output),
                                               engine);
  memory weight(operands.of_weight, engine, operands.weight.data());
  memory used = packs ? memory(primitive.weights_desc(), engine) : weight;
  if (packs) dnnl::reorder(weight, used).execute(stream, weight, used);
  const memory input(operands.of_input, engine, operands.input.data());
  const memory output(operands.of_output, engine, operands.output.data());
  dnnl::matmul product(primitive);
  for (auto _ : state) {
    product.execute(stream, {{DNNL_ARG_SRC, input}, {DNNL_ARG_WEIGHTS, used}, {DNNL_ARG_DST, output}});
  }
  CountFlops(state, operands);
}

void AsItIs(benchmark::State& state) { RunMatmul(state, false); }
void Packed(benchmark::State& state) { RunMatmul(state, true); }

void Sgemm(benchmark::State& state) {
  const ThreadScope scope(1);
  Operands operands(state);
  for (auto _ : state) {
    const absl::Status status = Gemm(
        operands.rows, operands.outputs, operands.inputs, 1.0f, {operands.input.data(), operands.inputs},
        {operands.weight.data(), operands.inputs, /*transposed=*/true}, 0.0f, operands.output.data(), operands.outputs);
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  CountFlops(state, operands);
}

// Once an update.
void Packing(benchmark::State& state) {
  const ThreadScope scope(1);
  Operands operands(state);
  const dnnl::engine& engine = OneDnnEngine();
  dnnl::stream stream(engine);
  const dnnl::matmul::primitive_desc primitive(
      dnnl::matmul::desc(operands.of_input, Described(operands.inputs, operands.outputs, memory::format_tag::any),
                         operands.of_output),
      engine);
  memory weight(operands.of_weight, engine, operands.weight.data());
  memory packed(primitive.weights_desc(), engine);
  dnnl::reorder reorder(weight, packed);
  for (auto _ : state) reorder.execute(stream, weight, packed);
}

void AddSizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"rows", "inputs", "outputs"})->Unit(benchmark::kMicrosecond);
  for (const int64_t width : {128, 384, 768}) {
    const int64_t rows = width > 512 ? 1024 : 2048;
    benchmark->Args({rows, width, 3 * width})->Args({rows, width, 4 * width})->Args({rows, 4 * width, width});
  }
}

BENCHMARK(AsItIs)->Apply(AddSizes);
BENCHMARK(Packed)->Apply(AddSizes);
BENCHMARK(Sgemm)->Apply(AddSizes);
BENCHMARK(Packing)->Apply(AddSizes);

}  // namespace
}  // namespace baton

BENCHMARK_MAIN();
