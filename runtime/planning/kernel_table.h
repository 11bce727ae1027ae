// The kernels of a job's model on its GPU, equal ones once: what each computes and moves, its floor and its estimated
// time. Used by `baton model --kernels` and --format=json.
//
//     BATON_ASSIGN_OR_RETURN(const std::vector<KernelRow> rows,
//                            KernelTable(*backend, plan.table.model, plan.table.costs, RatesOfJob(job)));
#ifndef BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_
#define BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/models/kernels.h"
#include "ops/models/rates.h"

namespace baton {

struct KernelRow {
  Kernel kernel;        // one of those that are equal; numbers in its name are *
  std::string pass;     // "forward", "backward-input", "backward-weight", "recompute" or "update"
  int64_t count = 0;    // in the model, for one micro-batch; of the update, for one step
  double floor_ns = 0;  // of one: the longer of the times for its FLOPs and for its bytes
  double time_ns = 0;   // of one, estimated
  TimeSource source = TimeSource::kAssumed;
};

// In the order in which they first run, the update last: the kernels whose times TimeByRates adds up. `costs`: those of
// model.layers. Errors: FailedPrecondition if the rates have no multiprocessors, those of KernelsOf.
absl::StatusOr<std::vector<KernelRow>> KernelTable(const Backend& backend, const ModelSpec& model,
                                                   const std::vector<LayerCosts>& costs, const DeviceRates& rates);

// Whether the kernel runs once a step, not for each micro-batch.
inline bool IsOfUpdate(const KernelRow& row) { return row.pass == "update"; }

// The assumptions of the estimates, as sentences on four lines. `slowest_share`: the share of the products' rate and
// the clock that `rates` hold, as SlowestShare of plan_job.h.
std::string DescribeAssumptions(const DeviceRates& rates, double slowest_share);

// "assumed", "nearest" or "measured".
std::string NameOfSource(TimeSource source);

// The part of a micro-batch's time that has `source`, of 1.
double ShareOf(TimeSource source, const std::vector<KernelRow>& rows);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_KERNEL_TABLE_H_
