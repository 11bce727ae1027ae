// The kernels of a job's model on its GPU, equal ones once: what each computes and moves, its floor and its estimated
// time. Used by `baton model --kernels`.
//
//     BATON_ASSIGN_OR_RETURN(const std::vector<KernelRow> rows, KernelTable(*backend, job, plan.table.model));
#ifndef BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_
#define BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/models/kernels.h"
#include "ops/models/rates.h"
#include "proto/job.pb.h"

namespace baton {

struct KernelRow {
  Kernel kernel;        // one of those that are equal; numbers in its name are *
  std::string pass;     // "forward", "backward-input" or "backward-weight"
  int64_t count = 0;    // in the model, for one micro-batch
  double floor_ns = 0;  // of one: the longer of the times for its FLOPs and for its bytes
  double time_ns = 0;   // of one, estimated
};

// In the order in which they first run. Recomputation and the optimizer's update are not in the table. Errors:
// FailedPrecondition if the job has no multiprocessors, those of KernelsOf.
absl::StatusOr<std::vector<KernelRow>> KernelTable(const Backend& backend, const proto::Job& job,
                                                   const ModelSpec& model);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_
