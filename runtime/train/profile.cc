// Each layer alone, with memory of its own, timed several times.
#include "runtime/train/profile.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/models/initialize.h"
#include "runtime/device/clock.h"
#include "runtime/train/memory.h"

namespace baton {
namespace {

// Aligned memory for one layer's buffers, zeroed.
class Buffer {
 public:
  explicit Buffer(Bytes bytes)
      : data_(static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, AlignUp(std::max<Bytes>(bytes, 1)))),
              &std::free) {
    if (data_ != nullptr) std::memset(data_.get(), 0, AlignUp(std::max<Bytes>(bytes, 1)));
  }
  std::byte* get() const { return data_.get(); }

 private:
  std::unique_ptr<std::byte, decltype(&std::free)> data_;
};

// The median time of `repeats` calls after one that is not counted.
absl::StatusOr<Nanos> MedianTime(int repeats, const std::function<absl::Status()>& call) {
  BATON_RETURN_IF_ERROR(call());
  std::vector<Nanos> times;
  for (int i = 0; i < repeats; ++i) {
    const Nanos start = SteadyNow();
    BATON_RETURN_IF_ERROR(call());
    times.push_back(SteadyNow() - start);
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[repeats / 2];
}

// One layer with memory of its own, bound and initialised.
struct TimedLayer {
  std::unique_ptr<Layer> layer;
  std::vector<Buffer> memory;
  std::vector<std::byte*> values, gradients, moments;
  LayerBuffers buffers;
  double loss = 0;

  std::byte* Allocate(Bytes bytes) {
    memory.emplace_back(bytes);
    return memory.back().get();
  }
};

// What MakeTimedLayer allocates for the layer.
Bytes LayerBytes(const Layer& layer) {
  Bytes bytes = 2 * (layer.input_shape().NumBytes() + layer.output_shape().NumBytes());
  for (const ParameterSpec& parameter : layer.parameters()) bytes += 4 * parameter.shape.NumBytes();
  const Footprint footprint = layer.footprint();
  return bytes + footprint.saved + footprint.saved_weight + footprint.stash + footprint.scratch + footprint.recomputed +
         footprint.recomputed_weight;
}

absl::StatusOr<std::unique_ptr<TimedLayer>> MakeTimedLayer(const Backend& backend, const std::string& name,
                                                           const LayerSpec& spec, const Shape& input,
                                                           const Shape& targets, bool is_first) {
  auto timed = std::make_unique<TimedLayer>();
  BATON_ASSIGN_OR_RETURN(timed->layer, BuildLayer(backend, spec, input));
  const Layer& layer = *timed->layer;
  BATON_RETURN_IF_ERROR(CheckFreeMemory(absl::StrCat("measuring ", name), LayerBytes(layer)));
  for (const ParameterSpec& parameter : layer.parameters()) {
    timed->values.push_back(timed->Allocate(parameter.shape.NumBytes()));
    timed->gradients.push_back(timed->Allocate(parameter.shape.NumBytes()));
    timed->moments.push_back(timed->Allocate(2 * AlignUp(parameter.shape.NumBytes())));
    InitializeParameter(/*seed=*/1, parameter.name, parameter.initializer, parameter.shape.NumElements(),
                        reinterpret_cast<float*>(timed->values.back()));
  }
  timed->layer->BindParameters(timed->values, timed->gradients);
  const Footprint footprint = layer.footprint();
  std::byte* input_data = timed->Allocate(input.NumBytes());
  if (input.type() == DataType::kFloat32) {
    // Zeros would let a kernel meet only special values.
    InitializeParameter(/*seed=*/2, "input", {Initializer::Kind::kNormal, 1.0}, input.NumElements(),
                        reinterpret_cast<float*>(input_data));
  }
  LayerBuffers& buffers = timed->buffers;
  buffers.input = input_data;
  buffers.targets = timed->Allocate(targets.NumBytes());
  buffers.output = timed->Allocate(layer.output_shape().NumBytes());
  buffers.grad_output = timed->Allocate(layer.output_shape().NumBytes());
  buffers.grad_input = is_first ? nullptr : timed->Allocate(input.NumBytes());
  buffers.saved = timed->Allocate(footprint.saved);
  buffers.saved_weight = timed->Allocate(footprint.saved_weight);
  buffers.stash = timed->Allocate(footprint.stash);
  buffers.recomputed = timed->Allocate(footprint.recomputed);
  buffers.recomputed_weight = timed->Allocate(footprint.recomputed_weight);
  buffers.scratch = timed->Allocate(footprint.scratch);
  buffers.loss = &timed->loss;
  return timed;
}

std::vector<OptimizedParameter> OptimizedParametersOf(const TimedLayer& timed) {
  const std::vector<ParameterSpec> specs = timed.layer->parameters();
  std::vector<OptimizedParameter> parameters(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    parameters[i].values = timed.values[i];
    parameters[i].gradients = timed.gradients[i];
    parameters[i].first_moment = timed.moments[i];
    parameters[i].second_moment = timed.moments[i] + AlignUp(specs[i].shape.NumBytes());
    parameters[i].num_elements = specs[i].shape.NumElements();
  }
  return parameters;
}

// Sets the times in `costs`, those of a layer or of a chunk.
template <typename Costs>
absl::Status TimeParts(const Backend& backend, int repeats, const TimedLayer& timed, Costs& costs) {
  Layer& layer = *timed.layer;
  const LayerBuffers& buffers = timed.buffers;
  BATON_ASSIGN_OR_RETURN(costs.forward_ns, MedianTime(repeats, [&] { return layer.Forward({}, buffers); }));
  const Footprint footprint = layer.footprint();
  if (layer.recomputes_output() || footprint.recomputed + footprint.recomputed_weight > 0) {
    BATON_ASSIGN_OR_RETURN(costs.recompute_ns, MedianTime(repeats, [&] { return layer.Recompute({}, buffers); }));
  }
  BATON_ASSIGN_OR_RETURN(costs.backward_input_ns,
                         MedianTime(repeats, [&] { return layer.BackwardInput({}, buffers); }));
  BATON_ASSIGN_OR_RETURN(costs.backward_weight_ns,
                         MedianTime(repeats, [&] { return layer.BackwardWeight({}, buffers); }));
  const std::unique_ptr<Optimizer> optimizer = backend.CreateOptimizer(OptimizedParametersOf(timed));
  const UpdateControl control;
  double norm = 0;
  BATON_ASSIGN_OR_RETURN(costs.step_ns,
                         MedianTime(repeats, [&] { return optimizer->Step({}, nullptr, 0, &control, &norm); }));
  return absl::OkStatus();
}

// Of copying so many bytes, as the local transport does.
absl::StatusOr<Nanos> TimeCopy(int repeats, Bytes bytes) {
  const Buffer from(bytes), to(bytes);
  return MedianTime(repeats, [&] {
    std::memcpy(to.get(), from.get(), static_cast<size_t>(bytes));
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<TransferCosts> ProfileLayers(const Backend& backend, int repeats, ModelTable& table) {
  Shape input = table.model.input_shape;
  Bytes largest = 0;
  for (size_t i = 0; i < table.costs.size(); ++i) {
    LayerCosts& costs = table.costs[i];
    BATON_ASSIGN_OR_RETURN(const std::unique_ptr<TimedLayer> timed,
                           MakeTimedLayer(backend, absl::StrCat("layer ", costs.name), table.model.layers[i], input,
                                          table.model.targets_shape, /*is_first=*/i == 0));
    BATON_RETURN_IF_ERROR(TimeParts(backend, repeats, *timed, costs));
    largest = std::max(largest, costs.output_bytes);
    input = timed->layer->output_shape();
  }
  TransferCosts transfer;
  BATON_ASSIGN_OR_RETURN(transfer.transfer_ns, TimeCopy(repeats, largest));
  BATON_ASSIGN_OR_RETURN(transfer.load_ns, TimeCopy(repeats, table.model.input_shape.NumBytes()));
  return transfer;
}

absl::StatusOr<CostModel> ProfileChunks(const Backend& backend, int repeats, const ModelTable& table,
                                        absl::Span<const LayerRange> split) {
  CostModel costs;
  costs.chunks =
      SumChunks(table.costs, split, table.model.input_shape.NumBytes(), table.model.targets_shape.NumBytes());
  Shape input = table.model.input_shape;
  for (size_t chunk = 0; chunk < split.size(); ++chunk) {
    SequenceSpec layers;
    layers.layers.assign(table.model.layers.begin() + split[chunk].begin,
                         table.model.layers.begin() + split[chunk].end);
    BATON_ASSIGN_OR_RETURN(const std::unique_ptr<TimedLayer> timed,
                           MakeTimedLayer(backend, absl::StrCat("chunk ", chunk), LayerSpec{std::move(layers)}, input,
                                          table.model.targets_shape, /*is_first=*/chunk == 0));
    BATON_RETURN_IF_ERROR(TimeParts(backend, repeats, *timed, costs.chunks[chunk]));
    BATON_ASSIGN_OR_RETURN(const Nanos link_ns, TimeCopy(repeats, costs.chunks[chunk].output_bytes));
    costs.link_ns.push_back(link_ns);
    input = timed->layer->output_shape();
  }
  BATON_ASSIGN_OR_RETURN(costs.load_ns, TimeCopy(repeats, table.model.input_shape.NumBytes()));
  return costs;
}

}  // namespace baton
