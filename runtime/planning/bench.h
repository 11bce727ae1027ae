// One device's arena and clock, to time layers on. Used by profile.cc.
#ifndef BATON_RUNTIME_PLANNING_BENCH_H_
#define BATON_RUNTIME_PLANNING_BENCH_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"
#include "ops/optimizer/optimizer.h"
#include "runtime/device/device.h"

namespace baton {

// Hands out the arena from its beginning, zeroed, over and over. Thread contract: one thread at a time. The device must
// outlive it and have no arena yet.
class Bench {
 public:
  static absl::StatusOr<std::unique_ptr<Bench>> Create(Device& device, Bytes arena_bytes);

  Stream& stream() { return *stream_; }
  KernelStream kernel_stream() { return {stream_->native_handle()}; }
  Device& device() { return device_; }
  // In shared memory.
  double* loss() { return loss_; }
  double* norm() { return norm_; }
  const UpdateControl* control() { return control_; }

  // Everything that was handed out is free again.
  void Clear() { used_ = 0; }
  absl::StatusOr<std::byte*> Allocate(Bytes bytes);
  // f32 values.
  absl::StatusOr<std::byte*> AllocateInitialized(const std::string& name, const Initializer& initializer,
                                                 const Shape& shape, int seed);

  // The median time of `repeats` calls after one that is not counted, by the device's clock.
  absl::StatusOr<Nanos> MedianTime(int repeats, const std::function<absl::Status()>& call);

 private:
  explicit Bench(Device& device) : device_(device) {}

  Device& device_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Event> begin_, end_;
  std::byte* arena_ = nullptr;
  Bytes used_ = 0;
  double* loss_ = nullptr;
  double* norm_ = nullptr;
  UpdateControl* control_ = nullptr;
};

// A layer, bound and initialised, in a bench's memory.
struct TimedLayer {
  std::unique_ptr<Layer> layer;
  std::vector<OptimizedParameter> parameters;
  std::unique_ptr<Optimizer> optimizer;
  LayerBuffers buffers;
};

// Clears the bench. `targets`: their shape; `is_first`: nobody wants the gradient of its input.
absl::StatusOr<std::unique_ptr<TimedLayer>> PlaceLayer(const Backend& backend, Bench& bench,
                                                       std::unique_ptr<Layer> layer, const Shape& targets,
                                                       bool is_first);

// What PlaceLayer takes of the arena at most.
Bytes TimedLayerBytes(const Backend& backend, const Layer& layer, const Shape& targets);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_BENCH_H_
