// A stage module that sleeps for given times. Rehearsals run a program on real threads, events and channels with these
// modules in place of layers, so that a prediction can be compared with a measurement without a model.
#ifndef BATON_RUNTIME_REHEARSE_TIMED_MODULE_H_
#define BATON_RUNTIME_REHEARSE_TIMED_MODULE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/device/host/host_device.h"
#include "runtime/execute/stage_module.h"
#include "runtime/rehearse/rehearsed_cores.h"

namespace baton {

// How long each call of one chunk takes, in ns, at least 0. A Backward takes both halves less repeated_ns.
struct TimedCosts {
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos repeated_ns = 0;  // that each half repeats and a whole Backward takes once
  Nanos recompute_ns = 0;
  Nanos update_ns = 0;
  Nanos load_ns = 0;
  // [micro-batch] What follows a BackwardWeight or Backward, as sums of gradients; empty: nothing.
  std::vector<Nanos> folds_ns = {};
};

// Options for host devices of a rehearsal: waits sleep at once, since there are more workers than cores, and arenas
// take no memory, since nothing touches them. Use with LocalTransportOptions::moves_data = false.
HostDeviceOptions RehearsalDeviceOptions();

// Sleeps instead of computing, so that one core can run many devices. Streams must be HostStreams; cancelling a device
// ends its sleeps. Thread contract: see StageModule. One module serves one chunk.
class TimedModule final : public StageModule {
 public:
  // `cores`, if not null, are shared by the devices; `device` is that of the module. Borrowed.
  // Errors: InvalidArgument for a negative cost.
  static absl::StatusOr<std::unique_ptr<TimedModule>> Create(const TimedCosts& costs, RehearsedCores* cores = nullptr,
                                                             int device = 0);

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Update(Stream& stream) override;
  // Returns an empty buffer.
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  TimedModule(const TimedCosts& costs, RehearsedCores* cores, int device)
      : costs_(costs), cores_(cores), device_(device) {}

  absl::Status ComputeFor(Stream& stream, Nanos work) const;
  Nanos FoldNs(int micro_batch) const;

  const TimedCosts costs_;
  RehearsedCores* const cores_;
  const int device_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_REHEARSE_TIMED_MODULE_H_
