// The speed of layers without the runtime: training steps of whole models as one Sequence on one thread, and each kind
// of layer at the same sizes. Compare them with a framework's eager step. Rates are per second of CPU time, which a
// busy machine disturbs least.
//
//   bazel run //tools/bench:ops_bench -- --benchmark_filter=Step [--threads=2] [--products=bf16]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ops/host/host_backend.h"
#include "ops/layers/build.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/initialize.h"

namespace baton {
namespace {

HostOptions host_options;  // from the command line, before any benchmark

struct Freer {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<std::byte, Freer>;

// Zeroed, so that the first use does not wait for the kernel to map pages.
Memory Allocate(Bytes bytes) {
  const Bytes size = std::max(AlignUp(bytes), kBufferAlignment);
  Memory memory(static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, size)));
  std::memset(memory.get(), 0, size);
  return memory;
}

// A layer with all its memory and one micro-batch in flight.
class Trainer {
 public:
  explicit Trainer(std::unique_ptr<Layer> layer) : layer_(std::move(layer)) {
    std::vector<std::byte*> values;
    std::vector<std::byte*> gradients;
    for (const ParameterSpec& parameter : layer_->parameters()) {
      Parameter& own = parameters_[parameter.name];
      if (own.count == 0) {
        own.count = parameter.shape.NumElements();
        for (Memory* memory : {&own.values, &own.gradients, &own.first, &own.second}) {
          *memory = Allocate(parameter.shape.NumBytes());
        }
        InitializeParameter(1, parameter.name, parameter.initializer, own.count,
                            reinterpret_cast<float*>(own.values.get()));
      }
      values.push_back(own.values.get());
      gradients.push_back(own.gradients.get());
    }
    layer_->BindParameters(values, gradients);
    const Footprint footprint = layer_->footprint();
    Add(&buffers_.saved, footprint.saved);
    Add(&buffers_.saved_weight, footprint.saved_weight);
    Add(&buffers_.stash, footprint.stash);
    Add(&buffers_.scratch, footprint.scratch);
    Add(&buffers_.output, layer_->output_shape().NumBytes());
    buffers_.grad_output = Fill(layer_->output_shape());
    buffers_.input = Fill(layer_->input_shape());
    buffers_.targets = Fill(Shape(DataType::kInt32, layer_->input_shape().extents()));
    if (layer_->input_shape().type() == DataType::kFloat32) Add(&buffers_.grad_input, layer_->input_shape().NumBytes());
    buffers_.loss = &loss_;
  }

  absl::Status Forward() { return layer_->Forward({}, buffers_); }
  absl::Status Backward() {
    absl::Status status = layer_->BackwardInput({}, buffers_);
    return status.ok() ? layer_->BackwardWeight({}, buffers_) : status;
  }
  absl::Status Update(const Backend& backend) {
    if (optimizer_ == nullptr) {
      std::vector<OptimizedParameter> optimized;
      for (auto& [name, own] : parameters_) {
        optimized.push_back({own.values.get(), nullptr, own.gradients.get(), own.first.get(), own.second.get(),
                             own.count, /*decays=*/true, /*norm=*/-1});
      }
      optimizer_ = backend.CreateOptimizer(std::move(optimized));
      control_.learning_rate = 1e-3;
      control_.weight_decay = 0.01;
      control_.step = 0;
    }
    ++control_.step;
    return optimizer_->Update({}, nullptr, 0, &control_, &gradient_norm_);
  }
  double loss() const { return loss_; }
  LayerFlops flops() const { return layer_->flops(); }

 private:
  struct Parameter {
    int64_t count = 0;
    Memory values, gradients, first, second;
  };

  void Add(std::byte** where, Bytes bytes) {
    memory_.push_back(Allocate(bytes));
    *where = memory_.back().get();
  }

  // Fills a tensor with values uniform in ±1, or with ids in [0, 256).
  std::byte* Fill(const Shape& shape) {
    std::byte* data = nullptr;
    Add(&data, shape.NumBytes());
    if (shape.type() == DataType::kInt32) {
      for (int64_t i = 0; i < shape.NumElements(); ++i) reinterpret_cast<int32_t*>(data)[i] = (i * 7919) % 256;
    } else {
      InitializeParameter(1, "data", {Initializer::Kind::kUniform, 1.0}, shape.NumElements(),
                          reinterpret_cast<float*>(data));
    }
    return data;
  }

  const std::unique_ptr<Layer> layer_;
  std::map<std::string, Parameter> parameters_;
  std::vector<Memory> memory_;
  PassBuffers buffers_;
  double loss_ = 0;
  std::unique_ptr<Optimizer> optimizer_;
  UpdateControl control_;
  double gradient_norm_ = 0;
};

// One training step of a GPT-2 with a vocabulary of 256. Arguments: layers, width, heads, context, sequences of a
// micro-batch, micro-batches.
void Step(benchmark::State& state) {
  Gpt2Options options;
  options.layers = state.range(0);
  options.width = state.range(1);
  options.heads = state.range(2);
  options.context = state.range(3);
  options.vocabulary = 256;
  const int64_t sequences = state.range(4);
  const int64_t micro_batches = state.range(5);
  const HostBackend backend(host_options);
  const auto model = Gpt2Model(options, sequences, sequences * micro_batches);
  if (!model.ok()) return state.SkipWithError(model.status().ToString().c_str());
  auto whole = BuildLayer(backend, LayerSpec{SequenceSpec{model->layers}}, model->input_shape);
  if (!whole.ok()) return state.SkipWithError(whole.status().ToString().c_str());
  Trainer trainer(*std::move(whole));
  for (auto _ : state) {
    absl::Status status;
    for (int64_t i = 0; i < micro_batches && status.ok(); ++i) {
      status = trainer.Forward();
      if (status.ok()) status = trainer.Backward();
    }
    if (status.ok()) status = trainer.Update(backend);
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  const double tokens = static_cast<double>(sequences * micro_batches * options.context);
  state.counters["tokens/s"] = benchmark::Counter(tokens, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["loss"] = trainer.loss() * micro_batches;
}

BENCHMARK(Step)
    ->ArgNames({"layers", "width", "heads", "context", "sequences", "micro_batches"})
    ->Args({8, 128, 4, 128, 16, 1})
    ->Args({8, 128, 4, 128, 2, 8})
    ->Args({6, 384, 6, 256, 8, 1})
    ->Args({6, 384, 6, 256, 1, 8})
    ->Args({12, 768, 12, 256, 4, 1})
    ->Args({12, 768, 12, 1024, 1, 1})
    ->MinTime(2)
    ->Unit(benchmark::kMillisecond);

// Forward, BackwardInput and BackwardWeight of one layer for `input`.
void OneLayer(benchmark::State& state, const LayerSpec& spec, const Shape& input) {
  const HostBackend backend(host_options);
  auto layer = BuildLayer(backend, spec, input);
  if (!layer.ok()) return state.SkipWithError(layer.status().ToString().c_str());
  Trainer trainer(*std::move(layer));
  for (auto _ : state) {
    absl::Status status = trainer.Forward();
    if (status.ok()) status = trainer.Backward();
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  const LayerFlops flops = trainer.flops();
  state.counters["flops/s"] = benchmark::Counter(flops.forward + flops.backward_input + flops.backward_weight,
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

LayerSpec LinearOf(int64_t inputs, int64_t outputs) {
  LinearSpec linear;
  linear.name = "linear";
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.initializer = {Initializer::Kind::kNormal, 0.02};
  return {linear};
}

// The most that the products of any layer can reach: three large ones.
void Ceiling(benchmark::State& state) {
  constexpr int64_t kExtent = 2048;
  LayerSpec linear = LinearOf(kExtent, kExtent);
  std::get<LinearSpec>(linear.kind).bias = false;
  OneLayer(state, linear, Shape(DataType::kFloat32, {kExtent, kExtent}));
}

BENCHMARK(Ceiling)->MinTime(1)->Unit(benchmark::kMillisecond);

void RegisterLayers(int64_t sequences, int64_t context, int64_t width, int64_t heads) {
  const auto add = [&](const char* kind, const LayerSpec& spec, int64_t last) {
    const Shape input(DataType::kFloat32, {sequences, context, last});
    benchmark::RegisterBenchmark((std::string("Layer/") + kind + "/" + input.ToString()).c_str(),
                                 [spec, input](benchmark::State& state) { OneLayer(state, spec, input); })
        ->Unit(benchmark::kMicrosecond);
  };
  LayerNormSpec norm;
  norm.name = "norm";
  norm.width = width;
  add("layer_norm", {norm}, width);
  add("qkv", LinearOf(width, 3 * width), width);
  add("attention", {AttentionSpec{heads, width}}, 3 * width);
  add("projection", LinearOf(width, width), width);
  add("fc", LinearOf(width, 4 * width), width);
  add("gelu", {ActivationSpec{ActivationKind::kGelu}}, 4 * width);
  add("out", LinearOf(4 * width, width), 4 * width);
  add("cross_entropy", {CrossEntropySpec{256, sequences * context}}, 256);
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const auto is_ours = [](const char* argument) {
    if (std::strcmp(argument, "--products=bf16") == 0) {
      baton::host_options.products = baton::DataType::kBFloat16;
      return true;
    }
    return std::sscanf(argument, "--threads=%d", &baton::host_options.threads) == 1;
  };
  argc = static_cast<int>(std::remove_if(argv + 1, argv + argc, is_ours) - argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  baton::RegisterLayers(16, 128, 128, 4);
  baton::RegisterLayers(2, 128, 128, 4);
  baton::RegisterLayers(8, 256, 384, 6);
  baton::RegisterLayers(1, 1024, 768, 12);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
