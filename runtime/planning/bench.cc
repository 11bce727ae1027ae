// Memory by turns, and medians.
#include "runtime/planning/bench.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/status.h"
#include "ops/models/initialize.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Bench>> Bench::Create(Device& device, Bytes arena_bytes) {
  std::unique_ptr<Bench> bench(new Bench(device));
  BATON_ASSIGN_OR_RETURN(bench->stream_, device.CreateStream());
  BATON_ASSIGN_OR_RETURN(bench->arena_, device.CreateArena(arena_bytes));
  BATON_ASSIGN_OR_RETURN(std::byte * shared,
                         device.CreateShared(2 * kBufferAlignment + AlignUp(sizeof(UpdateControl))));
  bench->loss_ = reinterpret_cast<double*>(shared);
  bench->norm_ = reinterpret_cast<double*>(shared + kBufferAlignment);
  bench->control_ = new (shared + 2 * kBufferAlignment) UpdateControl;
  bench->begin_ = device.CreateEvent();
  bench->end_ = device.CreateEvent();
  return bench;
}

absl::StatusOr<std::byte*> Bench::Allocate(Bytes bytes) {
  std::byte* const memory = arena_ + used_;
  used_ += AlignUp(bytes);
  if (bytes > 0) BATON_RETURN_IF_ERROR(stream_->Zero(memory, bytes));
  return memory;
}

absl::StatusOr<std::byte*> Bench::AllocateInitialized(const std::string& name, const Initializer& initializer,
                                                      const Shape& shape, int seed) {
  BATON_ASSIGN_OR_RETURN(std::byte * memory, Allocate(shape.NumBytes()));
  BATON_RETURN_IF_ERROR(stream_->Synchronize());
  std::vector<float> values(shape.NumElements());
  InitializeParameter(seed, name, initializer, shape.NumElements(), values.data());
  BATON_RETURN_IF_ERROR(
      device_.CopyToArena(memory, reinterpret_cast<const std::byte*>(values.data()), shape.NumBytes()));
  return memory;
}

absl::StatusOr<Nanos> Bench::MedianTime(int repeats, const std::function<absl::Status()>& call) {
  std::vector<Nanos> times;
  for (int i = 0; i <= repeats; ++i) {
    begin_->Reset();
    end_->Reset();
    BATON_RETURN_IF_ERROR(stream_->Record(*begin_));
    BATON_RETURN_IF_ERROR(call());
    BATON_RETURN_IF_ERROR(stream_->Record(*end_));
    BATON_RETURN_IF_ERROR(stream_->Synchronize());
    if (i > 0) times.push_back(end_->DoneAt() - begin_->DoneAt());
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[repeats / 2];
}

namespace {

absl::Status PlaceParameters(const Backend& backend, Bench& bench, TimedLayer& timed) {
  const bool rounds = backend.precision() != DataType::kFloat32;
  std::vector<std::byte*> values, gradients;
  for (const ParameterSpec& spec : timed.layer->parameters()) {
    OptimizedParameter parameter;
    parameter.num_elements = spec.shape.NumElements();
    BATON_ASSIGN_OR_RETURN(parameter.values, bench.AllocateInitialized(spec.name, spec.initializer, spec.shape, 1));
    BATON_ASSIGN_OR_RETURN(parameter.gradients, bench.Allocate(spec.shape.NumBytes()));
    BATON_ASSIGN_OR_RETURN(parameter.first_moment, bench.Allocate(spec.shape.NumBytes()));
    BATON_ASSIGN_OR_RETURN(parameter.second_moment, bench.Allocate(spec.shape.NumBytes()));
    if (rounds) {
      BATON_ASSIGN_OR_RETURN(parameter.working, bench.Allocate(parameter.num_elements * SizeOf(backend.precision())));
    }
    values.push_back(rounds ? parameter.working : parameter.values);
    gradients.push_back(parameter.gradients);
    timed.parameters.push_back(parameter);
  }
  timed.layer->BindParameters(values, gradients);
  timed.optimizer = backend.CreateOptimizer(timed.parameters);
  return timed.optimizer->RoundValues(bench.kernel_stream());
}

}  // namespace

absl::StatusOr<std::unique_ptr<TimedLayer>> PlaceLayer(const Backend& backend, Bench& bench,
                                                       std::unique_ptr<Layer> layer, const Shape& targets,
                                                       bool is_first) {
  bench.Clear();
  auto timed = std::make_unique<TimedLayer>();
  timed->layer = std::move(layer);
  BATON_RETURN_IF_ERROR(PlaceParameters(backend, bench, *timed));
  const Shape input = timed->layer->input_shape();
  const Shape output = timed->layer->output_shape();
  LayerBuffers& buffers = timed->buffers;
  if (input.type() == DataType::kFloat32) {
    // Zeros would let a kernel meet only special values.
    BATON_ASSIGN_OR_RETURN(buffers.input,
                           bench.AllocateInitialized("input", {Initializer::Kind::kNormal, 1.0}, input, /*seed=*/2));
  } else {
    BATON_ASSIGN_OR_RETURN(buffers.input, bench.Allocate(input.NumBytes()));
  }
  const Footprint footprint = timed->layer->footprint();
  BATON_ASSIGN_OR_RETURN(buffers.targets, bench.Allocate(targets.NumBytes()));
  BATON_ASSIGN_OR_RETURN(buffers.output, bench.Allocate(output.NumBytes()));
  BATON_ASSIGN_OR_RETURN(buffers.grad_output, bench.Allocate(output.NumBytes()));
  if (!is_first) {
    BATON_ASSIGN_OR_RETURN(buffers.grad_input, bench.Allocate(input.NumBytes()));
  }
  BATON_ASSIGN_OR_RETURN(buffers.saved, bench.Allocate(footprint.saved));
  BATON_ASSIGN_OR_RETURN(buffers.saved_weight, bench.Allocate(footprint.saved_weight));
  BATON_ASSIGN_OR_RETURN(buffers.stash, bench.Allocate(footprint.stash));
  BATON_ASSIGN_OR_RETURN(buffers.recomputed, bench.Allocate(footprint.recomputed));
  BATON_ASSIGN_OR_RETURN(buffers.recomputed_weight, bench.Allocate(footprint.recomputed_weight));
  BATON_ASSIGN_OR_RETURN(buffers.scratch, bench.Allocate(footprint.scratch));
  buffers.loss = bench.loss();
  return timed;
}

Bytes TimedLayerBytes(const Backend& backend, const Layer& layer, const Shape& targets) {
  Bytes bytes = AlignUp(targets.NumBytes());
  bytes += 2 * (AlignUp(layer.input_shape().NumBytes()) + AlignUp(layer.output_shape().NumBytes()));
  for (const ParameterSpec& parameter : layer.parameters()) {
    bytes += 4 * AlignUp(parameter.shape.NumBytes());
    bytes += AlignUp(parameter.shape.NumElements() * SizeOf(backend.precision()));
  }
  const Footprint footprint = layer.footprint();
  for (const Bytes part : {footprint.saved, footprint.saved_weight, footprint.stash, footprint.scratch,
                           footprint.recomputed, footprint.recomputed_weight}) {
    bytes += AlignUp(part);
  }
  return bytes;
}

}  // namespace baton
