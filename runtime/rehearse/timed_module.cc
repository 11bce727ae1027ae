// Each call sleeps for its cost.
#include "runtime/rehearse/timed_module.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/device/clock.h"
#include "runtime/device/host/host_stream.h"

namespace baton {
HostDeviceOptions RehearsalDeviceOptions() {
  HostDeviceOptions options;
  options.spin_ns = 0;
  options.touch_arena = false;
  return options;
}

absl::StatusOr<std::unique_ptr<TimedModule>> TimedModule::Create(const TimedCosts& costs, RehearsedCores* cores,
                                                                 int device) {
  const std::pair<const char*, Nanos> fields[] = {{"forward_ns", costs.forward_ns},
                                                  {"backward_input_ns", costs.backward_input_ns},
                                                  {"backward_weight_ns", costs.backward_weight_ns},
                                                  {"repeated_ns", costs.repeated_ns},
                                                  {"recompute_ns", costs.recompute_ns},
                                                  {"update_ns", costs.update_ns},
                                                  {"load_ns", costs.load_ns}};
  for (const auto& [name, value] : fields) {
    if (value < 0) return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; it must not be negative"));
  }
  return std::unique_ptr<TimedModule>(new TimedModule(costs, cores, device));
}

absl::Status TimedModule::ComputeFor(Stream& stream, Nanos work) const {
  if (work == 0) return absl::OkStatus();
  HostStream& host = static_cast<HostStream&>(stream);
  if (cores_ != nullptr) return cores_->Compute(host, device_, work);
  // Takes the deadline first, so that the time until the sleep counts as part of it.
  const Nanos deadline = SteadyNow() + work;
  return host.SleepUntil(deadline);
}

absl::Status TimedModule::Load(Stream& stream, DataKind, int, std::byte*) { return ComputeFor(stream, costs_.load_ns); }

absl::Status TimedModule::Forward(Stream& stream, int, const PassBuffers&) {
  return ComputeFor(stream, costs_.forward_ns);
}

Nanos TimedModule::FoldNs(int micro_batch) const { return costs_.folds_ns.empty() ? 0 : costs_.folds_ns[micro_batch]; }

absl::Status TimedModule::Backward(Stream& stream, int micro_batch, const PassBuffers&) {
  return ComputeFor(stream,
                    costs_.backward_input_ns + costs_.backward_weight_ns - costs_.repeated_ns + FoldNs(micro_batch));
}

absl::Status TimedModule::BackwardInput(Stream& stream, int, const PassBuffers&) {
  return ComputeFor(stream, costs_.backward_input_ns);
}

absl::Status TimedModule::BackwardWeight(Stream& stream, int micro_batch, const PassBuffers&) {
  return ComputeFor(stream, costs_.backward_weight_ns + FoldNs(micro_batch));
}

absl::Status TimedModule::Recompute(Stream& stream, int, const PassBuffers&) {
  return ComputeFor(stream, costs_.recompute_ns);
}

absl::Status TimedModule::Update(Stream& stream) { return ComputeFor(stream, costs_.update_ns); }

absl::StatusOr<ReduceBuffer> TimedModule::PrepareReduce(Stream&, int, int) { return ReduceBuffer{}; }

}  // namespace baton
