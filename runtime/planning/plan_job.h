// A job up to the request that compiles it: model, costs, split, parameter layout. Used by training sessions, memory
// checks and the tools.
#ifndef BATON_RUNTIME_PLANNING_PLAN_JOB_H_
#define BATON_RUNTIME_PLANNING_PLAN_JOB_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/parameter_layout.h"
#include "ops/models/rates.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_model.h"
#include "schedules/compile/compile.h"
#include "schedules/plan/plan.h"

namespace baton {

struct JobPlan {
  ModelTable table;
  std::vector<LayerRange> split;
  ParameterLayout layout;
  CompileRequest request;
};

// `job` must be resolved. Times are estimated from the job's rates. Without rates a FLOP takes 1 ns: right in
// proportion, which suffices to order transfers before anything is measured.
// With parallel.tensor the plan is that of member 0 of each group; its program is that of all members.
// Errors: InvalidArgument for an impossible job, and for one whose program would not fit into the free memory.
absl::StatusOr<JobPlan> PlanJob(const Backend& backend, const proto::Job& job);

// The same for `model` instead of that of the job, such as one without loss or for other shapes.
absl::StatusOr<JobPlan> PlanModel(const Backend& backend, const proto::Job& job, ModelSpec model);

// The plan of another member than 0, whose plan is `first`: other parameters in the same layout. Errors: those of
// PlanJob.
absl::StatusOr<JobPlan> PlanMember(const Backend& backend, const proto::Job& job, const JobPlan& first, int member);

// The FLOPs of the whole model, whatever parallel.tensor is, for one micro-batch, forward and backward, without
// recomputation. Errors: those of PlanJob.
absl::StatusOr<double> ModelFlops(const Backend& backend, const proto::Job& job);

// The share of devices.rates that the slowest of the job's GPUs reaches, for which the others wait
// (schedules/costs/slowest_of_many.h). 1 if the rates are not those of a GPU. The job must be resolved.
double SlowestShare(const proto::Job& job);

// The rates that times are estimated from: of products and of the clock, those of the slowest GPU. `measured`: kernels
// whose times replace estimates; null for none.
DeviceRates RatesOfJob(const proto::Job& job, std::shared_ptr<const MeasuredKernels> measured = nullptr);

// Sets the times of table.costs by the job's rates and `measured`, or to 1 ns a FLOP.
absl::Status TimeByJob(const Backend& backend, const proto::Job& job, ModelTable& table,
                       std::shared_ptr<const MeasuredKernels> measured = nullptr);

// Sets the times and transfers of `costs` to those of a table (schedules/costs/costs_csv.h); sizes stay. A table with
// more chunks is merged to as many. Errors: InvalidArgument if its number of chunks is not a multiple of that of
// `costs`.
absl::Status UseTable(const CostModel& table, CostModel& costs);

// Sets links and nodes from the job's devices, in groups of parallel.tensor. Without devices.intra nothing changes.
void ApplyLinks(const proto::Job& job, CostModel& costs);

// The GPUs of a node that CUDA devices are dealt to: devices.gpus, else `gpus_here` if all devices are on one node. 0:
// each device has a GPU. `gpus_here`: those of this machine if the times are those of this machine; 0: they are not.
int GpusOfNode(const proto::Job& job, int gpus_here);

// Sets the cores or the GPUs that the devices share: devices.cores, else `processors_here` if all devices are on one
// node; for CUDA devices, and where others stand in for GPUs, GpusOfNode. `processors_here`: the cores or the GPUs of
// this machine if the times are those of this machine; 0: they are not.
void ApplyCores(const proto::Job& job, int processors_here, CostModel& costs);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PLAN_JOB_H_
