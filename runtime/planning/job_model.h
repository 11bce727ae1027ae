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
#include "schedules/placement/placement.h"
#include "schedules/plan/plan.h"
#include "schedules/program/program.h"

namespace baton {

// `job` must be resolved. Errors: InvalidArgument naming the field, as "model.gpt2.heads: 3 …".
absl::StatusOr<ModelSpec> ModelOfJob(const proto::Job& job);

// The layers of a model, ready to be split. Times are 0 until they are profiled or estimated.
struct ModelTable {
  ModelSpec model;
  std::vector<LayerCosts> costs;                       // [layer]
  std::vector<Shape> outputs;                          // [layer]; empty for one that ends with the loss
  std::vector<std::vector<ParameterSpec>> parameters;  // [layer]
  ParameterFormat format;                              // of the backend's parameters
};
absl::StatusOr<ModelTable> MakeModelTable(const Backend& backend, ModelSpec model);

// A balanced split; see SplitForDevices. Layers weigh by time if the job has rates, from which times follow, else by
// FLOPs: measured times would split the same job in another way each time.
absl::StatusOr<std::vector<LayerRange>> BalancedSplitOfJob(const proto::Job& job, const ModelTable& table,
                                                           const ChunkPlacement& placement);

// The job's own split, or the balanced one.
absl::StatusOr<std::vector<LayerRange>> SplitOfJob(const proto::Job& job, const ModelTable& table,
                                                   const ChunkPlacement& placement);

// Where the chunks' parameters stand under a split. Errors: as ParameterLayout::Create.
absl::StatusOr<ParameterLayout> LayoutOfSplit(const ModelTable& table, absl::Span<const LayerRange> split);

// One group for each tied parameter, then the gradient norm over all chunks.
std::vector<ReduceGroup> ReduceGroupsOf(const ParameterLayout& layout);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_JOB_MODEL_H_
