// The model that a job names: its layers, their costs and parameters. The only file that maps job files to ops/models.
// Used by plan_job.cc, profile.cc and tools/baton.
#ifndef BATON_RUNTIME_PLANNING_JOB_MODEL_H_
#define BATON_RUNTIME_PLANNING_JOB_MODEL_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/parameter_layout.h"
#include "ops/layers/spec.h"
#include "proto/job.pb.h"
#include "schedules/costs/costs.h"
#include "schedules/plan/plan.h"
#include "schedules/program/program.h"

namespace baton {

// `job` must be resolved. Errors: InvalidArgument naming the field, as "model.gpt2.heads: 3 …".
absl::StatusOr<ModelSpec> ModelOfJob(const proto::Job& job);

// The layers of a model, ready to be split. Times are 0 until they are profiled or estimated.
struct ModelTable {
  ModelSpec model;
  std::vector<LayerCosts> costs;                       // [layer]
  std::vector<std::vector<ParameterSpec>> parameters;  // [layer]
  DataType precision = DataType::kFloat32;             // of the backend
};
absl::StatusOr<ModelTable> MakeModelTable(const Backend& backend, ModelSpec model);

// Balances FLOPs, not measured times, so that the same job is always split the same way.
absl::StatusOr<std::vector<LayerRange>> SplitByFlops(const ModelTable& table, int num_chunks);

// The job's own split, or one by FLOPs.
absl::StatusOr<std::vector<LayerRange>> SplitOfJob(const proto::Job& job, const ModelTable& table, int num_chunks);

// Where the chunks' parameters stand under a split. Errors: as ParameterLayout::Create.
absl::StatusOr<ParameterLayout> LayoutOfSplit(const ModelTable& table, absl::Span<const LayerRange> split);

// One group for each tied parameter, then the gradient norm over all chunks.
std::vector<ReduceGroup> ReduceGroupsOf(const ParameterLayout& layout);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_JOB_MODEL_H_
