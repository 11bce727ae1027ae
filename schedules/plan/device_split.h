// Splits a model for schedules that place several chunks on a device. Used by runtime/planning.
//
//   // Six equal layers on two devices in the shape of a V: device 0 has chunks 0 and 3, device 1 has 1 and 2.
//   SplitForDevices(layers, ChunkPlacement::Of({0, 1, 1, 0}));      // sizes 1, 1, 2, 2: three layers a device
#ifndef BATON_SCHEDULES_PLAN_DEVICE_SPLIT_H_
#define BATON_SCHEDULES_PLAN_DEVICE_SPLIT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "schedules/costs/costs.h"
#include "schedules/placement/placement.h"
#include "schedules/plan/plan.h"

namespace baton {

// Splits the layers into the placement's chunks so that the heaviest device is as light as possible, then the devices
// are as even, then the heaviest chunk is as light and the chunks are as even as possible. A layer weighs as for
// SplitBalanced. A device carries each chunk that it has a replica of. With one chunk on each device the split is
// SplitBalanced's, which is optimal; else it is the best that descents from several splits find: single layers move
// from chunk to chunk until no move is better. The same arguments give the same split. Errors: InvalidArgument as
// SplitBalanced.
absl::StatusOr<std::vector<LayerRange>> SplitForDevices(absl::Span<const LayerCosts> layers,
                                                        const ChunkPlacement& placement);

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_DEVICE_SPLIT_H_
