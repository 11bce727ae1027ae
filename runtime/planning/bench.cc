// An arena that layers use in turn, and median times.
#include "runtime/planning/bench.h"

#include <time.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/bfloat16.h"
#include "base/status.h"
#include "ops/layers/parameter_layout.h"
#include "ops/models/initialize.h"
#include "ops/optimizer/bind.h"
#include "runtime/device/clock.h"

namespace baton {
namespace {

// Parameters, inputs and gradients only need values that are not special to any kernel; no run depends on them.
constexpr uint64_t kParameterSeed = 1;
constexpr uint64_t kInputSeed = 2;
// Random tensors repeat their values after this many, since drawing takes longer than copying. A prime, so that rows
// differ.
constexpr int64_t kRandomPeriod = 1048573;

// The CPU time of the calling thread.
Nanos ThreadCpuNow() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Nanos{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Bench>> Bench::Create(Device& device, Bytes arena_bytes) {
  std::unique_ptr<Bench> bench(new Bench(device));
  BATON_ASSIGN_OR_RETURN(bench->stream_, device.CreateStream());
  BATON_ASSIGN_OR_RETURN(bench->arena_, device.CreateArena(arena_bytes));
  BATON_ASSIGN_OR_RETURN(std::byte * shared,
                         device.CreateShared(3 * kBufferAlignment + AlignUp(sizeof(UpdateControl))));
  bench->loss_ = reinterpret_cast<double*>(shared);
  bench->norm_ = reinterpret_cast<double*>(shared + kBufferAlignment);
  static_assert(sizeof(StepContext) <= kBufferAlignment);
  bench->step_ = new (shared + 2 * kBufferAlignment) StepContext{/*training=*/true};
  bench->control_ = new (shared + 3 * kBufferAlignment) UpdateControl;
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

absl::Status Bench::Fill(const ParameterSpec& spec, ParameterSource& source, DataType type, std::byte* memory) {
  BATON_RETURN_IF_ERROR(stream_->Synchronize());
  std::vector<std::byte> values(spec.shape.NumBytes());
  BATON_RETURN_IF_ERROR(source.Read(spec, absl::MakeSpan(values)));
  const int64_t count = spec.shape.NumElements();
  if (type == DataType::kFloat32) return device_.CopyToArena(memory, values.data(), spec.shape.NumBytes());
  const auto* const floats = reinterpret_cast<const float*>(values.data());
  std::vector<uint16_t> rounded(count);
  std::transform(floats, floats + count, rounded.begin(), ToBFloat16Bits);
  return device_.CopyToArena(memory, reinterpret_cast<const std::byte*>(rounded.data()), count * SizeOf(type));
}

absl::Status Bench::FillRandomly(const Shape& shape, std::byte* memory) {
  if (shape.type() != DataType::kFloat32 && shape.type() != DataType::kBFloat16) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(stream_->Synchronize());
  const int64_t count = shape.NumElements();
  std::vector<float> values(std::min(count, kRandomPeriod));
  InitializeParameter(kInputSeed, "values", {Initializer::Kind::kNormal, 1.0}, static_cast<int64_t>(values.size()),
                      values.data());
  std::vector<uint16_t> rounded;
  if (shape.type() == DataType::kBFloat16) {
    rounded.resize(values.size());
    std::transform(values.begin(), values.end(), rounded.begin(), ToBFloat16Bits);
  }
  const auto* const from =
      reinterpret_cast<const std::byte*>(rounded.empty() ? static_cast<const void*>(values.data()) : rounded.data());
  for (int64_t begin = 0; begin < count; begin += kRandomPeriod) {
    const Bytes bytes = std::min(kRandomPeriod, count - begin) * SizeOf(shape.type());
    BATON_RETURN_IF_ERROR(device_.CopyToArena(memory + begin * SizeOf(shape.type()), from, bytes));
  }
  return absl::OkStatus();
}

double Bench::Waited() const {
  if (device_.runs_later() || timed_ns_ <= 0) return 0;
  return std::max(0.0, 1.0 - static_cast<double>(ran_ns_) / static_cast<double>(timed_ns_));
}

absl::StatusOr<Timing> Bench::Time(int repeats, const std::function<absl::Status()>& call) {
  std::vector<Nanos> times;
  for (int i = 0; i <= repeats; ++i) {
    if (before_call_) before_call_();
    begin_->Reset();
    end_->Reset();
    const Nanos begin = SteadyNow(), cpu_begin = ThreadCpuNow();
    BATON_RETURN_IF_ERROR(stream_->Record(*begin_));
    BATON_RETURN_IF_ERROR(call());
    BATON_RETURN_IF_ERROR(stream_->Record(*end_));
    BATON_RETURN_IF_ERROR(stream_->Synchronize());
    if (i == 0) continue;
    times.push_back(end_->DoneAt() - begin_->DoneAt());
    ran_ns_ += ThreadCpuNow() - cpu_begin;
    timed_ns_ += SteadyNow() - begin;
  }
  std::sort(times.begin(), times.end());
  return Timing{times[repeats / 2], times.front(), times.back()};
}

namespace {

absl::Status CreateParameters(const Backend& backend, Bench& bench, TimedLayer& timed) {
  const std::vector<ParameterSpec> specs = timed.layer->parameters();
  const ChunkLayout layout = LayOutChunk(specs, backend.parameter_format());
  ParameterRegions regions;
  BATON_ASSIGN_OR_RETURN(regions.parameters, bench.Allocate(layout.parameter_bytes));
  BATON_ASSIGN_OR_RETURN(regions.gradients, bench.Allocate(layout.gradient_bytes()));
  BATON_ASSIGN_OR_RETURN(regions.optimizer, bench.Allocate(layout.optimizer_bytes));
  InitialValues source(kParameterSeed, /*num_threads=*/1);
  for (size_t i = 0; i < specs.size(); ++i) {
    timed.parameters.push_back(Locate(specs[i], layout.offsets[i], regions, backend.parameter_format()));
    const OptimizedParameter& parameter = timed.parameters.back();
    BATON_RETURN_IF_ERROR(bench.Fill(specs[i], source, parameter.type, parameter.values));
  }
  BindLayer(timed.parameters, *timed.layer);
  timed.optimizer = backend.CreateOptimizer(timed.parameters);
  return timed.optimizer->RoundValues(bench.kernel_stream());
}

}  // namespace

absl::StatusOr<std::unique_ptr<TimedLayer>> MakeTimedLayer(const Backend& backend, Bench& bench,
                                                           std::unique_ptr<Layer> layer, const Shape& targets,
                                                           bool is_first) {
  bench.Clear();
  auto timed = std::make_unique<TimedLayer>();
  timed->layer = std::move(layer);
  BATON_RETURN_IF_ERROR(CreateParameters(backend, bench, *timed));
  const Shape input = timed->layer->input_shape();
  const Shape output = timed->layer->output_shape();
  PassBuffers& buffers = timed->buffers;
  BATON_ASSIGN_OR_RETURN(std::byte * input_memory, bench.Allocate(input.NumBytes()));
  buffers.input = input_memory;
  BATON_RETURN_IF_ERROR(bench.FillRandomly(input, input_memory));
  const Footprint footprint = timed->layer->footprint();
  BATON_ASSIGN_OR_RETURN(buffers.targets, bench.Allocate(targets.NumBytes()));
  BATON_ASSIGN_OR_RETURN(buffers.output, bench.Allocate(output.NumBytes()));
  BATON_ASSIGN_OR_RETURN(std::byte * gradient_memory, bench.Allocate(output.NumBytes()));
  buffers.grad_output = gradient_memory;
  if (!output.empty()) BATON_RETURN_IF_ERROR(bench.FillRandomly(output, gradient_memory));
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
  buffers.step = bench.step();
  return timed;
}

Bytes TimedLayerBytes(const Backend& backend, const Layer& layer, const Shape& targets) {
  Bytes bytes = AlignUp(targets.NumBytes());
  bytes += 2 * (AlignUp(layer.input_shape().NumBytes()) + AlignUp(layer.output_shape().NumBytes()));
  const ChunkLayout layout = LayOutChunk(layer.parameters(), backend.parameter_format());
  bytes += layout.parameter_bytes + layout.gradient_bytes() + layout.optimizer_bytes;
  const Footprint footprint = layer.footprint();
  for (const Bytes part : {footprint.saved, footprint.saved_weight, footprint.stash, footprint.scratch,
                           footprint.recomputed, footprint.recomputed_weight}) {
    bytes += AlignUp(part);
  }
  return bytes;
}

}  // namespace baton
