// One device's arena and clock, to time layers on. Used by profile.cc.
//
//   BATON_ASSIGN_OR_RETURN(std::unique_ptr<Bench> bench, Bench::Create(device, TimedLayerBytes(backend, *layer,
//   targets))); BATON_ASSIGN_OR_RETURN(auto timed, MakeTimedLayer(backend, *bench, std::move(layer), targets,
//   /*is_first=*/true)); bench->Time(5, [&] { return timed->layer->Forward(bench->kernel_stream(),
//   timed->buffers); });
#ifndef BATON_RUNTIME_PLANNING_BENCH_H_
#define BATON_RUNTIME_PLANNING_BENCH_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/parameter_source.h"
#include "ops/optimizer/optimizer.h"
#include "runtime/device/device.h"

namespace baton {

// The times of several calls of one thing, in nanoseconds.
struct Timing {
  Nanos median = 0;
  Nanos fastest = 0;
  Nanos slowest = 0;
};

// Allocates from the arena's beginning, zeroed; Clear frees all. Thread contract: one thread at a time. Borrows the
// device, which must have no arena yet.
class Bench {
 public:
  static absl::StatusOr<std::unique_ptr<Bench>> Create(Device& device, Bytes arena_bytes);

  Stream& stream() { return *stream_; }
  KernelStream kernel_stream() { return {stream_->native_handle()}; }
  Device& device() { return device_; }
  // In memory that host and device share.
  double* loss() { return loss_; }
  double* norm() { return norm_; }
  const UpdateControl* control() { return control_; }
  const StepContext* step() { return step_; }  // of training

  // Frees everything.
  void Clear() { used_ = 0; }
  // `bytes` zeroed bytes, kBufferAlignment-aligned. The arena must have room.
  absl::StatusOr<std::byte*> Allocate(Bytes bytes);
  // Writes the source's values of `spec` to `memory`, in the arena.
  absl::Status Fill(const ParameterSpec& spec, ParameterSource& source, DataType type, std::byte* memory);
  // Writes random values to a tensor of f32 or bf16 in the arena: products of zeros take less power, and so less time,
  // than those of real numbers. Other types stay zero.
  absl::Status FillRandomly(const Shape& shape, std::byte* memory);

  // Called before each call that Time makes, outside of its time; may be null.
  void set_before_call(std::function<void()> before_call) { before_call_ = std::move(before_call); }
  // The part, from 0 to 1, of the time of all timed calls in which the calling thread did not run, since others had its
  // core. 0 on devices that run later than the thread that calls them.
  double Waited() const;

  // Times `repeats` (at least 1) calls by the device's clock. One call before them is not counted.
  absl::StatusOr<Timing> Time(int repeats, const std::function<absl::Status()>& call);

 private:
  explicit Bench(Device& device) : device_(device) {}

  Device& device_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Event> begin_, end_;
  std::byte* arena_ = nullptr;
  std::function<void()> before_call_;
  Bytes used_ = 0;
  Nanos timed_ns_ = 0;  // of all timed calls
  Nanos ran_ns_ = 0;    // of these, CPU time of the thread
  double* loss_ = nullptr;
  double* norm_ = nullptr;
  UpdateControl* control_ = nullptr;
  StepContext* step_ = nullptr;
};

// A layer that is bound to a bench's memory, with initialized parameters.
struct TimedLayer {
  std::unique_ptr<Layer> layer;
  std::vector<OptimizedParameter> parameters;
  std::unique_ptr<Optimizer> optimizer;
  PassBuffers buffers;
};

// Clears the bench and binds `layer` to its memory. `targets`: the shape of the targets. `is_first`: the gradient of
// the layer's input is not computed.
absl::StatusOr<std::unique_ptr<TimedLayer>> MakeTimedLayer(const Backend& backend, Bench& bench,
                                                           std::unique_ptr<Layer> layer, const Shape& targets,
                                                           bool is_first);

// The most that MakeTimedLayer allocates.
Bytes TimedLayerBytes(const Backend& backend, const Layer& layer, const Shape& targets);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_BENCH_H_
