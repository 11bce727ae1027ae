// Times each layer of a model on one device, or each chunk as a whole, and transfers to another, so that a simulation
// predicts this machine. Used by the commands that take a job and by `baton profile`.
#ifndef BATON_RUNTIME_PLANNING_PROFILE_H_
#define BATON_RUNTIME_PLANNING_PROFILE_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/backend.h"
#include "runtime/device/device.h"
#include "runtime/planning/job_model.h"
#include "runtime/transport/transport.h"
#include "schedules/costs/costs.h"
#include "schedules/plan/plan.h"

namespace baton {

// Where and how often to measure. All are borrowed.
struct ProfileOptions {
  const Backend* backend = nullptr;
  // Two of the backend's kind, connected by `transport`, without arenas.
  absl::Span<Device* const> devices;
  Transport* transport = nullptr;
  // Calls whose median counts, at least 1. One call before them is not counted.
  int repeats = 5;
  // Called before each call that is timed, outside of its time: about the share that is done, from 0 to 1, and the
  // layer or chunk. May be null.
  std::function<void(double share, const std::string& part)> progress = nullptr;
};

// How far to rely on measured times.
struct MeasuredSpread {
  // Forward and backward of one micro-batch through all layers, if each were as fast, or as slow, as in its fastest or
  // slowest run.
  Nanos fastest_ns = 0;
  Nanos slowest_ns = 0;
  double waited = 0;  // Bench::Waited
};

// As "12.1 ms to 13.0 ms in 11 runs of each layer". `part`: "layer" or "chunk".
std::string DescribeSpread(const MeasuredSpread& spread, int repeats, const char* part);
// A line that begins with "note: " if the machine did other work meanwhile, so that the times are too long; else empty.
std::string NoteOnOtherWork(const MeasuredSpread& spread);

struct TransferCosts {
  Nanos transfer_ns = 0;  // the largest activation, copied once
  Nanos load_ns = 0;
  MeasuredSpread spread{};
};

// Sets the times of table.costs: each layer's three passes, its recomputation and its update. Layers that compute the
// same are timed once, the first layer apart: it has no gradient of its input. Errors: ResourceExhausted or
// InvalidArgument if a layer does not fit into memory.
absl::StatusOr<TransferCosts> ProfileLayers(const ProfileOptions& options, ModelTable& table);

// The same for each chunk of a split, run as a whole, as in training: a layer finds its inputs in the caches. Sizes are
// those of `split`; link_ns is the time of each chunk's output to the other device. Sets `spread` unless it is null.
absl::StatusOr<CostModel> ProfileChunks(const ProfileOptions& options, const ModelTable& table,
                                        absl::Span<const LayerRange> split, MeasuredSpread* spread = nullptr);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PROFILE_H_
