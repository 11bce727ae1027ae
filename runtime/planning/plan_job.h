// A job up to the request that compiles it: model, costs, split, parameters. Used by TrainingRun, by the check of
// memory and by the tools.
#ifndef BATON_RUNTIME_PLANNING_PLAN_JOB_H_
#define BATON_RUNTIME_PLANNING_PLAN_JOB_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_model.h"
#include "runtime/planning/parameter_table.h"
#include "schedules/compile/compile.h"
#include "schedules/plan/plan.h"

namespace baton {

struct JobPlan {
  ModelTable table;
  std::vector<LayerRange> split;
  ParameterTable parameters;
  CompileRequest request;
};

// `job` must be resolved; `backend` says what its layers need. Times are those of the job's rates; without rates one
// nanosecond a FLOP: right in proportion, which is all that placing transfers needs before anything was measured.
// Errors: InvalidArgument for what the job asks wrongly.
absl::StatusOr<JobPlan> PlanJob(const Backend& backend, const proto::Job& job);

// Sets the times of table.costs by the job's rates, or to a nanosecond a FLOP.
absl::Status TimeByJob(const Backend& backend, const proto::Job& job, ModelTable& table);

// Sets the times and transfers of `costs` to those of a table (schedules/costs/costs_csv.h); sizes stay. A table of
// more chunks is joined to as many. Errors: InvalidArgument if its chunks are no multiple of those of `costs`.
absl::Status UseTable(const CostModel& table, CostModel& costs);

// Sets links and nodes as the job's devices have them; without devices.intra the costs stay.
void ApplyLinks(const proto::Devices& devices, CostModel& costs);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PLAN_JOB_H_
