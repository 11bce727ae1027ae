// Compiles a schedule to a proven program: compute order → lowering → proof. Used by every command and by
// runtime/train, so that simulation, rehearsal and training run the same program.
//
//     CompileRequest request;
//     request.schedule = "1f1b";
//     request.num_stages = 4;
//     request.num_micro_batches = 8;
//     request.costs = costs;                          // of 4 chunks
//     BATON_ASSIGN_OR_RETURN(const Program program, Compile(request));
#ifndef BATON_SCHEDULES_COMPILE_COMPILE_H_
#define BATON_SCHEDULES_COMPILE_COMPILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/placement/placement.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/search/search.h"

namespace baton {

struct CompileRequest {
  std::string schedule;  // a name from the catalog, of a searched schedule, or "csv" with an order
  // A user's own order, with its own assignment of chunks to devices; null for a named schedule.
  std::shared_ptr<const ComputeOrder> order;
  int num_stages = 1;         // devices of one pipeline; at least 1
  int num_micro_batches = 1;  // of all replicas; at least 1
  int chunks_per_device = 1;  // at least 1
  int micro_batch_group = 0;  // micro-batches a group of the interleaved schedule; 0: num_stages
  // Costs of num_stages · chunks_per_device chunks. Sizes determine memory; times are hints for the issue order of
  // transfers. A chunk that can recompute does so right before its backward, unless a user's order says where.
  CostModel costs;
  std::vector<ReduceGroup> reduce_groups;  // members are chunks
  TransportModel transport;                // the program is lowered for it and proven in it
  bool with_state = true;                  // see LowerOptions
  // Copies of the pipeline, which the program runs side by side on devices of their own: device s of copy r is device
  // r · num_stages + s. Must divide num_micro_batches.
  int replicas = 1;
  int sum_groups = 1;             // Program::sum_groups; a multiple of `replicas`
  bool shards_optimizer = false;  // see LowerOptions
  // A searched schedule uses all options; any other schedule is only checked against the limit, if one is given.
  SearchOptions search;
};

// The request for one replica of `request`: its share of the micro-batches, on the devices of one pipeline.
CompileRequest OneReplica(CompileRequest request);

// The devices of the chunks of the program that `request` compiles to. Reads no costs and searches nothing.
// Errors: InvalidArgument as Compile for an unknown schedule, or one that does not support the request.
absl::StatusOr<ChunkPlacement> PlacementOf(const CompileRequest& request);

// `certificate`: set to the search's certificate for a searched schedule; untouched for others; may be null.
// Errors: InvalidArgument if
//   - the schedule is unknown or does not support the request,
//   - a user's order is unsound, adds gradients in an order that does not ascend, or differs from the request in its
//     number of devices, chunks or micro-batches,
//   - an order that was not searched for exceeds the memory limit,
//   - replicas or sum_groups do not fit the micro-batches or the schedule;
// Internal if the program fails its proof.
absl::StatusOr<Program> Compile(const CompileRequest& request, Certificate* certificate = nullptr);

// [device] Peak activation memory in the unit of MemoryLimit::micro_batches: micro-batches through all layers of a
// device. Between the halves of a backward, an activation counts with the request's weight_fraction. Expects a program
// that `request` compiles to. Errors: those of ResolveLimits.
absl::StatusOr<std::vector<double>> PeakMicroBatches(const Program& program, const CompileRequest& request);

// Compiles only the forwards of the schedule, with the same placement, for evaluation. Runs no search.
// Errors: as Compile.
absl::StatusOr<Program> CompileForwardOnly(const CompileRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_COMPILE_COMPILE_H_
