// Times each layer of a model on one device, or each chunk as a whole, and transfers to another, so that a simulation
// predicts this machine. Used by the commands that take a job and by `baton profile`.
#ifndef BATON_RUNTIME_PLANNING_PROFILE_H_
#define BATON_RUNTIME_PLANNING_PROFILE_H_

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
  // Two of the backend's kind, that `transport` connects; without arenas yet.
  absl::Span<Device* const> devices;
  Transport* transport = nullptr;
  // Of which the median counts, after one that does not; by the device's own clock.
  int repeats = 5;
};

struct TransferCosts {
  Nanos transfer_ns = 0;  // the largest activation, copied once
  Nanos load_ns = 0;
};

// Fills the times of table.costs: each layer's three parts, its recomputation and its update. Takes about `repeats`
// steps' time. Errors: ResourceExhausted or InvalidArgument if a layer does not fit into memory.
absl::StatusOr<TransferCosts> ProfileLayers(const ProfileOptions& options, ModelTable& table);

// The same for each chunk of a split, run as one, as training does: what a layer finds in the caches is what the one
// before it left there. Sizes are those of `split`; link_ns is what each chunk's output takes to the other device.
absl::StatusOr<CostModel> ProfileChunks(const ProfileOptions& options, const ModelTable& table,
                                        absl::Span<const LayerRange> split);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PROFILE_H_
