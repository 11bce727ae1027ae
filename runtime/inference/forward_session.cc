// Plans, compiles and launches as a training session does, but forwards alone.
#include "runtime/inference/forward_session.h"

#include <utility>

#include "base/status.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/job_programs.h"
#include "runtime/train/fill_parameters.h"
#include "runtime/train/parameter_state.h"

namespace baton {
namespace {

// All devices of the host backend share the machine's memory.
absl::Status CheckMemory(const proto::Job& job, const Program& program) {
  if (job.devices().backend() != proto::Devices::HOST) return absl::OkStatus();
  Bytes bytes = 0;
  for (const DeviceProgram& device : program.devices) bytes += device.arena_bytes;
  return CheckFreeMemory("inference", bytes);
}

}  // namespace

proto::Job ForwardJob(proto::Job job) {
  proto::Pipeline& pipeline = *job.mutable_pipeline();
  pipeline.clear_recompute_layers();
  pipeline.set_recompute(proto::Pipeline::NONE);
  // One replica suffices, since all have the same parameters.
  job.mutable_parallel()->set_replicas(1);
  job.mutable_parallel()->set_zero(0);
  job.mutable_batch()->set_sum_groups(1);
  job.mutable_devices()->set_count(NumDevices(job));
  // A backend without dropout can run the model, too.
  proto::Model& model = *job.mutable_model();
  if (model.has_dropout()) model.set_dropout(0);
  if (model.has_attention_dropout()) model.set_attention_dropout(0);
  if (model.has_embedding_dropout()) model.set_embedding_dropout(0);
  if (job.devices().precision() == proto::Devices::BF16) job.mutable_devices()->set_precision(proto::Devices::FLOAT32);
  job.mutable_devices()->set_parameters(proto::Devices::FLOAT32);
  return job;
}

absl::StatusOr<proto::Job> LogitsJob(const proto::Job& trained, int64_t sequences) {
  proto::Job job = ForwardJob(trained);
  job.mutable_batch()->Clear();
  job.mutable_batch()->set_sequences(static_cast<int32_t>(sequences));
  proto::Pipeline& pipeline = *job.mutable_pipeline();
  if (pipeline.chunks_per_device() != 1) pipeline.clear_split();
  pipeline.set_chunks_per_device(1);
  pipeline.set_schedule("gpipe");
  pipeline.clear_order();
  pipeline.clear_micro_batch_group();
  pipeline.clear_search();
  // Nothing of these is read.
  job.mutable_data()->clear_context();
  job.mutable_data()->set_held_out(0);
  job.mutable_run()->set_evaluate_every(0);
  return ResolveJob(std::move(job));
}

absl::StatusOr<std::unique_ptr<ForwardSession>> ForwardSession::Create(const proto::Job& job, ModelSpec model,
                                                                       const BatchSource* source) {
  std::unique_ptr<ForwardSession> session(new ForwardSession);
  session->job_ = job;
  BATON_RETURN_IF_ERROR(CheckDevices(job.devices()));
  BATON_ASSIGN_OR_RETURN(session->backend_, MakeBackend(job.devices()));
  const Backend& backend = *session->backend_;
  BATON_ASSIGN_OR_RETURN(session->plan_, PlanModel(backend, job, std::move(model)));
  // A balanced split depends on the shapes; programs that are added have this one.
  proto::Split& split = *session->job_.mutable_pipeline()->mutable_split();
  split.Clear();
  for (const LayerRange& range : session->plan_.split) split.add_layers(range.size());
  BATON_ASSIGN_OR_RETURN(Program program, CompileEvaluation(session->plan_.request, /*owns_parameters=*/true));
  BATON_RETURN_IF_ERROR(CheckMemory(job, program));
  session->first_.program = std::make_shared<const Program>(std::move(program));
  const Program& first = *session->first_.program;
  BATON_ASSIGN_OR_RETURN(session->devices_, MakeDevices(job.devices(), first.num_devices()));
  BATON_ASSIGN_OR_RETURN(session->modules_, StageModules::Create(backend, session->plan_, first, {}, *source,
                                                                 session->devices_.Pointers()));
  ExecutorOptions options;
  options.devices = session->devices_.Pointers();
  options.modules = session->modules_->Pointers();
  options.transport = session->devices_.transport.get();
  BATON_ASSIGN_OR_RETURN(session->executor_, Executor::Create(session->first_.program, std::move(options)));
  BATON_RETURN_IF_ERROR(session->modules_->Bind(*session->executor_, session->devices_.Pointers()));
  ParameterState parameters(&session->plan_.layout, session->modules_->parameters());
  BATON_RETURN_IF_ERROR(FillParameters(job, parameters));
  return session;
}

absl::StatusOr<ForwardProgram> ForwardSession::Add(ModelSpec model) {
  BATON_ASSIGN_OR_RETURN(const JobPlan plan, PlanModel(*backend_, job_, std::move(model)));
  BATON_ASSIGN_OR_RETURN(Program program, CompileEvaluation(plan.request));
  BATON_RETURN_IF_ERROR(CheckMemory(job_, program));
  ForwardProgram added;
  added.program = std::make_shared<const Program>(std::move(program));
  added.model = num_added_++;
  BATON_RETURN_IF_ERROR(modules_->AddModel(*backend_, plan));
  BATON_ASSIGN_OR_RETURN(added.handle, executor_->AddProgram(added.program));
  return added;
}

Device& ForwardSession::last_device() {
  const ChunkPlacement& placement = first_.program->placement;
  const int index = placement.IndexOf(first_.program->num_chunks - 1, /*micro_batch=*/0);
  return *devices_.devices[placement.replicas()[index].device];
}

}  // namespace baton
