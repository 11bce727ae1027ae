// Makes the parts of a session in order, and hands each call to one of them.
#include "runtime/train/session.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/data/dataset_of_job.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/resolve.h"
#include "runtime/train/fill_parameters.h"
#include "runtime/train/update_of_job.h"
#include "schedules/program/form/proto_form.h"

namespace baton {

TrainingSession::~TrainingSession() = default;

absl::StatusOr<std::unique_ptr<TrainingSession>> TrainingSession::Create(const proto::Job& job,
                                                                         const TransportModel& transport, bool graphs,
                                                                         const std::string& token_cache) {
  std::unique_ptr<TrainingSession> session(new TrainingSession);
  session->job_ = job;
  BATON_RETURN_IF_ERROR(session->Prepare(transport, token_cache));
  BATON_RETURN_IF_ERROR(session->Launch(graphs));
  return session;
}

absl::Status TrainingSession::Prepare(const TransportModel& transport, const std::string& token_cache) {
  BATON_RETURN_IF_ERROR(CheckDevices(job_.devices()));
  BATON_ASSIGN_OR_RETURN(backend_, MakeBackend(job_.devices()));
  BATON_ASSIGN_OR_RETURN(PreparedJob prepared, PrepareJob(*backend_, job_, transport));
  plan_ = std::move(prepared.plan);
  program_ = std::make_shared<const Program>(std::move(prepared.programs.training));
  for (Program& smaller : prepared.programs.ramp) {
    smaller_.push_back(std::make_shared<const Program>(std::move(smaller)));
  }
  planned_evaluation_ = std::move(prepared.programs.evaluation);
  // Last: reading the data may take long, and everything above may still refuse the job.
  BATON_ASSIGN_OR_RETURN(dataset_, MakeDataset(job_, token_cache));
  batches_ = std::make_unique<Batches>(dataset_.get(), job_.batch().sequences() / job_.batch().micro_batches());
  return absl::OkStatus();
}

absl::Status TrainingSession::Launch(bool graphs) {
  BATON_ASSIGN_OR_RETURN(modules_, StageModules::Create(*backend_, plan_, *program_, smaller_, *batches_));
  BATON_ASSIGN_OR_RETURN(devices_, MakeDevices(job_.devices(), program_->num_devices()));
  ExecutorOptions options;
  options.devices = devices_.Pointers();
  options.modules = modules_->Pointers();
  options.transport = devices_.transport.get();
  BATON_ASSIGN_OR_RETURN(executor_, Executor::Create(program_, std::move(options)));

  BATON_RETURN_IF_ERROR(modules_->Bind(*executor_, devices_.Pointers()));
  parameters_ = std::make_unique<ParameterState>(&plan_.layout, modules_->parameters());
  BATON_RETURN_IF_ERROR(FillParameters(job_, *parameters_));
  BATON_RETURN_IF_ERROR(modules_->RoundWorkingCopies());

  StepRunnerOptions steps;
  steps.executor = executor_.get();
  for (const std::shared_ptr<const Program>& smaller : smaller_) {
    BATON_ASSIGN_OR_RETURN(const ProgramHandle handle, executor_->AddProgram(smaller, /*shares_slots=*/true));
    steps.programs.push_back({smaller, handle});
  }
  steps.programs.push_back({program_, ProgramHandle{}});
  steps.program_of_step = [this](int64_t step) { return BatchSizeOfStep(job_, step); };
  steps.costs = &plan_.request.costs;
  steps.modules = modules_.get();
  steps.batches = batches_.get();
  steps.stages = !devices_.devices[0]->arena_is_shared();
  steps.records = graphs;
  step_runner_ = std::make_unique<StepRunner>(steps);
  if (!planned_evaluation_.has_value()) return absl::OkStatus();
  // Now rather than at the first evaluation, so that a lack of memory shows at the start.
  return CreateEvaluation(*std::exchange(planned_evaluation_, std::nullopt));
}

absl::Status TrainingSession::Restore(const Checkpoint& checkpoint) {
  BATON_RETURN_IF_ERROR(parameters_->Restore(checkpoint));
  num_updates_ = checkpoint.manifest().step() - checkpoint.manifest().skipped_steps();
  return modules_->RoundWorkingCopies();
}

proto::CheckpointManifest TrainingSession::DescribeRun() const {
  proto::CheckpointManifest about;
  *about.mutable_job() = job_;
  about.set_program_hash(HashOf(PrintProgramProto(*program_)));
  about.set_replicas(static_cast<int32_t>(program_->placement.replicas().size()) / program_->num_chunks);
  about.set_data_hash(dataset_->ContentsHash());
  const std::string devices = DescribeDevices();
  about.set_platform(devices.empty() ? backend_->platform() : absl::StrCat(backend_->platform(), ", ", devices));
  return about;
}

absl::Status TrainingSession::CreateEvaluation(Program program) {
  BATON_ASSIGN_OR_RETURN(
      evaluation_, Evaluation::Create(std::move(program), {job_.batch().sequences(), job_.run().evaluate_at_most()},
                                      executor_.get(), modules_.get(), batches_.get(), dataset_.get()));
  return absl::OkStatus();
}

absl::StatusOr<StepResult> TrainingSession::Step(int64_t step, bool wants_trace) {
  const int size = BatchSizeOfStep(job_, step);
  modules_->UseProgram(size < static_cast<int>(smaller_.size()) ? size : -1);
  UpdateControl update = UpdateOfJob(job_, step, num_updates_);
  update.num_micro_batches = ProgramOfStep(step).num_micro_batches;
  modules_->BeginStep(update, {/*training=*/true, job_.run().seed(), step});
  BATON_RETURN_IF_ERROR(step_runner_->Run(step, wants_trace ? &next_trace_ : nullptr));
  StepResult result;
  result.loss = modules_->Loss();
  result.gradient_norm = modules_->GradientNorm();
  result.learning_rate = update.learning_rate;
  result.applied = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.applied) ++num_updates_;
  result.stopped = !result.applied && stop_ != nullptr && *stop_;
  if (wants_trace && !result.stopped) std::swap(trace_, next_trace_);
  return result;
}

void TrainingSession::SetStop(const std::atomic<bool>* stop) {
  stop_ = stop;
  modules_->SetStop(stop);
}

absl::StatusOr<NonfiniteOrigin> TrainingSession::FindNonfinite(int64_t step) {
  modules_->BeginExamination();
  const absl::Status status = step_runner_->RunInstructions(step);
  const NonfiniteOrigin origin = modules_->EndExamination();
  BATON_RETURN_IF_ERROR(status);
  return origin;
}

absl::StatusOr<double> TrainingSession::Evaluate() {
  if (evaluation_ == nullptr) {
    BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset_));
    BATON_ASSIGN_OR_RETURN(Program program, CompileEvaluation(plan_.request));
    BATON_RETURN_IF_ERROR(CreateEvaluation(std::move(program)));
  }
  step_runner_->ForgetStaged();
  return evaluation_->Run(stop_);
}

const Program& TrainingSession::ProgramOfStep(int64_t step) const {
  const size_t size = BatchSizeOfStep(job_, step);
  return size < smaller_.size() ? *smaller_[size] : *program_;
}

int64_t TrainingSession::SequencesOfStep(int64_t step) const {
  return int64_t{job_.batch().sequences()} / job_.batch().micro_batches() * ProgramOfStep(step).num_micro_batches;
}

double TrainingSession::FlopsOfStep(int64_t step) const {
  double flops = 0;  // of a micro-batch
  for (const LayerCosts& layer : plan_.table.costs) flops += layer.forward_flops + layer.backward_flops;
  return flops * ProgramOfStep(step).num_micro_batches;
}

std::string TrainingSession::DescribeDevices() const { return baton::DescribeDevices(job_.devices()); }

std::string TrainingSession::DescribeHeldOut() const {
  const int64_t held_out = dataset_->num_held_out();
  if (held_out == 0) return "";
  if (!ReadsTokens(job_)) return absl::StrCat("held out: ", FormatPlural(held_out, "example"));
  return absl::StrCat("held out: ", FormatPlural(held_out * dataset_->num_targets(), "token"), " in ",
                      FormatPlural(held_out, "sequence"));
}

absl::StatusOr<std::vector<std::byte>> TrainingSession::ParametersAt(int replica_index) const {
  const ChunkReplica& replica = program_->placement.replicas()[replica_index];
  std::vector<std::byte> parameters(plan_.layout.ParameterBytes(replica.chunk));
  BATON_RETURN_IF_ERROR(devices_.devices[replica.device]->CopyFromArena(
      parameters.data(), executor_->StateOf(replica_index).parameters, static_cast<Bytes>(parameters.size())));
  return parameters;
}

}  // namespace baton
