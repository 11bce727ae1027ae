// From a schedule's name to a proven program in one call: order → lowering → proof. Used by every command and by
// runtime/train, so that what is simulated, rehearsed and trained is compiled the same way.
#ifndef BATON_SCHEDULES_COMPILE_COMPILE_H_
#define BATON_SCHEDULES_COMPILE_COMPILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/search/search.h"

namespace baton {

struct CompileRequest {
  std::string schedule;  // a name from the catalog, of a searched schedule, or "csv" with an order
  // A user's own order, which also places the chunks; null for those of the catalog.
  std::shared_ptr<const ComputeOrder> order;
  int num_stages = 1;
  int num_micro_batches = 1;
  int chunks_per_device = 1;
  int micro_batch_group = 0;  // of the interleaved schedule; 0: num_stages
  // Of num_stages · chunks_per_device chunks; the times are hints for placing transfers. What a chunk can recompute is
  // recomputed right before its backward, unless a user's order says where.
  CostModel costs;
  std::vector<ReduceGroup> reduce_groups;
  TransportModel transport;  // the program is placed for it and proven in it
  // Of a searched schedule: all of it. Of the others: the limit, if one is given.
  SearchOptions search;
};

// `certificate`: what the search knows of a searched schedule's order; untouched for others; may be null.
// Errors: InvalidArgument if the schedule is unknown or cannot do this, or if a user's order is unsound, adds gradients
// in another than ascending order, or has other devices, chunks or micro-batches than asked for, or if an order that is
// not searched for holds more than the limit; Internal if the program fails its proof.
absl::StatusOr<Program> Compile(const CompileRequest& request, Certificate* certificate = nullptr);

// The smallest limit of all devices that the program keeps, in micro-batches of a device's whole share, counted with
// the request's fraction. Expects a program compiled by the request.
absl::StatusOr<double> PeakMicroBatches(const Program& program, const CompileRequest& request);

// The program of the schedule's forwards alone, with the same placement, for evaluation. Nothing is searched for.
absl::StatusOr<Program> CompileForwardOnly(const CompileRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_COMPILE_COMPILE_H_
