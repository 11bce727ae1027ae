// Lowering: a compute order becomes a program. Used by whoever runs, rehearses or simulates a schedule.
#ifndef BATON_SCHEDULES_LOWER_LOWER_H_
#define BATON_SCHEDULES_LOWER_LOWER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"

namespace baton {

struct LowerOptions {
  std::string schedule;  // Program::schedule
  // Sizes of slots and arenas; the times are hints for where to put receives and how long a sent slot stays taken, and
  // change neither what is computed nor whether it is right. If all are zero, every pass of a chunk takes one unit.
  CostModel costs;
  // As if there were one replica of each chunk; members are chunks. Lowering adds groups that sum the order's replicas
  // before these, and extends these to all replicas.
  std::vector<ReduceGroup> reduce_groups = {};
  bool step = true;  // end with Reduces and Steps; an order without any backward has none in any case
  // The program is safe in this transport, and in every one that orders less.
  TransportModel transport = {};
  // Whether each chunk's gradients must be added in ascending micro-batch order, as training needs for equal bits.
  bool gradients_ascend = true;
};

// An order without any backward gives a forward-only program.
// Errors: InvalidArgument if the order is unsound: names device, position and action, such as `device 1 position 3: 2F0
// is repeated`; or if costs or reduce groups do not fit it.
absl::StatusOr<Program> Lower(const ComputeOrder& order, const LowerOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_LOWER_H_
