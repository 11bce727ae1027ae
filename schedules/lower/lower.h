// Lowers a compute order to a program: places transfers, assigns slots, inserts waits and lays out memory. Used by
// compile and verify; lower.cc lists the passes.
//
//     BATON_ASSIGN_OR_RETURN(const ComputeOrder order, MakeOrder("1f1b", {4, 8}));   // stages, micro-batches
//     LowerOptions options;
//     options.schedule = "1f1b";
//     options.costs = costs;                                            // of order.num_chunks chunks
//     BATON_ASSIGN_OR_RETURN(const Program program, Lower(order, options));
//     BATON_RETURN_IF_ERROR(CheckProgram(program));                     // schedules/validate/validate.h
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
  // Sizes determine slots and arenas. Times are hints for the issue order of Recvs and the reuse of sent slots; they
  // change neither results nor soundness. If all times are zero, every pass of a chunk takes one unit.
  CostModel costs;
  // Groups for one replica of each chunk: members are chunks. If the order has several replicas, lowering extends these
  // groups to all replicas and adds groups that sum the replicas before them.
  std::vector<ReduceGroup> reduce_groups = {};
  bool with_update = true;  // end with AllReduces and Updates; an order without any backward never has them
  // The program is free of deadlock in this transport, and in every transport with finer queues or more buffers.
  TransportModel transport = {};
  // False: the program runs on parameters, gradients and optimizer state of another program, so that its arena has
  // slots and a workspace alone.
  bool with_state = true;
  // Whether each chunk's gradients must be added in ascending micro-batch order, which makes the weights bit-identical
  // for every schedule. Training requires it.
  bool gradients_ascend = true;
  // Copies of the pipeline that order/replicate.h made: each sums its own tied gradients. At least 1.
  int replicas = 1;
  int sum_groups = 1;  // Program::sum_groups; a multiple of `replicas`
  // Each replica of a chunk has optimizer state for one shard of the parameters alone, updates it and gets the others'.
  bool shards_optimizer = false;
};

// Lowers the order. An order without any backward gives a forward-only program.
// Errors: InvalidArgument if the order is unsound, naming device, position and action, such as `device 1 position 3:
// 2F0 is repeated`; or if the number of chunks in the costs or reduce groups differs from the order's.
absl::StatusOr<Program> Lower(const ComputeOrder& order, const LowerOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_LOWER_H_
