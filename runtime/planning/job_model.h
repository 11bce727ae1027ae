// The model that a job names, as a list of layers; and what those layers cost and hold. The one place where the job
// file meets ops/models.
#ifndef BATON_RUNTIME_PLANNING_JOB_MODEL_H_
#define BATON_RUNTIME_PLANNING_JOB_MODEL_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "proto/job.pb.h"
#include "runtime/planning/parameter_table.h"
#include "schedules/costs/costs.h"
#include "schedules/plan/plan.h"
#include "schedules/program/program.h"

namespace baton {

// `job` must be resolved. Errors: InvalidArgument naming the field, as "model.gpt2.heads: 3 …".
absl::StatusOr<ModelSpec> ModelOfJob(const proto::Job& job);

// The layers of a model as a split sees them: for each its costs (times zero until profiled) and its parameters.
struct ModelTable {
  ModelSpec model;
  std::vector<LayerCosts> costs;                       // [layer]
  std::vector<std::vector<ParameterSpec>> parameters;  // [layer]
};
absl::StatusOr<ModelTable> MakeModelTable(const Backend& backend, ModelSpec model);

// By FLOPs and not by measured times, so that the same job is always cut the same way.
absl::StatusOr<std::vector<LayerRange>> SplitByFlops(const ModelTable& table, int num_chunks);

// How the job cuts the layers: as given, or by FLOPs.
absl::StatusOr<std::vector<LayerRange>> SplitOfJob(const proto::Job& job, const ModelTable& table, int num_chunks);

// The chunks' parameters under a split.
absl::StatusOr<ParameterTable> ParametersOfSplit(const ModelTable& table, absl::Span<const LayerRange> split);

// One group for each tied parameter, then the gradient norm over all chunks.
std::vector<ReduceGroup> ReduceGroupsOf(const ParameterTable& parameters);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_JOB_MODEL_H_
