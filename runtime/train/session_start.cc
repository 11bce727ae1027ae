// Makes the parts of a session in order: plan and programs, devices, data, modules, executor, parameters.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/dataset_of_job.h"
#include "runtime/data/rounded.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/resolve.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/share_job.h"
#include "runtime/train/fill_parameters.h"
#include "runtime/train/session.h"
#include "runtime/train/shared_numbers.h"

namespace baton {

absl::StatusOr<std::unique_ptr<TrainingSession>> TrainingSession::Create(const proto::Job& job,
                                                                         const SessionOptions& options) {
  std::unique_ptr<TrainingSession> session(new TrainingSession);
  session->job_ = job;
  if (options.control != nullptr) session->control_ = options.control;
  absl::Status status = session->Prepare(options);
  if (status.ok()) status = session->Launch(options.graphs);
  if (!status.ok()) return session->FirstFailure(status);
  return session;
}

absl::StatusOr<PreparedJob> TrainingSession::PrepareOrReceive(const TransportModel& transport) {
  if (control_->rank() > 0) {
    BATON_ASSIGN_OR_RETURN(const std::string bytes, control_->Broadcast(""));
    return ReadPrepared(*backend_, job_, transport, bytes);
  }
  BATON_ASSIGN_OR_RETURN(PreparedJob prepared, PrepareJob(*backend_, job_, transport, control_->size()));
  if (!IsAlone()) BATON_RETURN_IF_ERROR(control_->Broadcast(PrintPrepared(prepared)).status());
  return prepared;
}

absl::Status TrainingSession::CheckMemoryOfHost(const JobPrograms& programs) const {
  if (job_.devices().backend() != proto::Devices::HOST) return absl::OkStatus();
  // All devices of the host backend share the machine's memory.
  Bytes bytes = 0;
  for (int device = 0; device < programs.training.num_devices(); ++device) {
    bytes += programs.BytesOf(device) * devices_->MembersOnHost(device);
  }
  return CheckFreeMemory("training", bytes);
}

absl::Status TrainingSession::CheckTensor() const {
  const int tensor = job_.parallel().tensor();
  if (tensor == 1 || IsAlone()) return absl::OkStatus();
  // Before anything is planned.
  return DealMembers(job_.devices(), tensor, job_.devices().count() / tensor, control_->size()).status();
}

absl::Status TrainingSession::Prepare(const SessionOptions& options) {
  BATON_RETURN_IF_ERROR(CheckTensor());
  BATON_RETURN_IF_ERROR(CheckDevices(job_.devices()));
  BATON_ASSIGN_OR_RETURN(backend_, MakeBackend(job_.devices()));
  BATON_ASSIGN_OR_RETURN(PreparedJob prepared, PrepareOrReceive(options.transport));
  BATON_ASSIGN_OR_RETURN(model_flops_, ModelFlops(*backend_, job_));
  const int num_members = job_.parallel().tensor(), num_devices = prepared.programs.training.num_devices();
  BATON_ASSIGN_OR_RETURN(const DealtDevices dealt,
                         DealMembers(job_.devices(), num_members, num_devices, control_->size()));
  members_here_ = MembersOf(dealt, control_->rank());
  BATON_ASSIGN_OR_RETURN(
      devices_, RunDevices::Create(job_.devices(), num_devices, {num_members, members_here_.first}, *control_));
  BATON_RETURN_IF_ERROR(CheckMemoryOfHost(prepared.programs));
  plan_ = std::move(prepared.plan);
  if (members_here_.first > 0) {
    BATON_ASSIGN_OR_RETURN(plan_, PlanMember(*backend_, job_, plan_, members_here_.first));
  }
  program_ = std::make_shared<const Program>(std::move(prepared.programs.training));
  for (Program& smaller : prepared.programs.ramp) {
    smaller_.push_back(std::make_shared<const Program>(std::move(smaller)));
  }
  planned_evaluation_ = std::move(prepared.programs.evaluation);
  // Last: reading the data may take long, and everything above may still refuse the job.
  // Rank 0 first, so that the others find what it has put into the cache.
  if (control_->rank() > 0) BATON_RETURN_IF_ERROR(control_->Broadcast("").status());
  BATON_ASSIGN_OR_RETURN(dataset_, MakeDataset(job_, options.token_cache));
  if (control_->rank() == 0) BATON_RETURN_IF_ERROR(control_->Broadcast("").status());
  if (!IsAlone()) {
    BATON_RETURN_IF_ERROR(
        CheckSame(*control_, absl::StrCat("data.", DataSourceOf(job_.data())), dataset_->ContentsHash()));
  }
  if (backend_->precision() == DataType::kBFloat16 && !ReadsTokens(job_)) {
    dataset_ = std::make_unique<RoundedDataset>(std::move(dataset_));
  }
  batches_ = std::make_unique<Batches>(dataset_.get(), job_.batch().sequences() / job_.batch().micro_batches());
  return absl::OkStatus();
}

absl::Status TrainingSession::CreateExecutor() {
  ExecutorOptions options;
  options.devices = devices_->Pointers();
  options.modules = modules_->Pointers();
  options.transport = &devices_->transport();
  if (team_ != nullptr) {
    options.followers = team_->executors();
    options.turns = &team_->turns();
    options.on_error = [team = team_.get()](const absl::Status& status) { team->Fail(status); };
  }
  BATON_ASSIGN_OR_RETURN(run_, RunExecutor::Create(program_, std::move(options), *control_, devices_->processes()));
  executor_ = &run_->executor();
  if (team_ != nullptr) team_->SetLeader(executor_);
  return absl::OkStatus();
}

absl::Status TrainingSession::Launch(bool graphs) {
  BATON_ASSIGN_OR_RETURN(modules_,
                         StageModules::Create(*backend_, plan_, *program_, smaller_, *batches_, devices_->Pointers()));
  if (job_.parallel().tensor() > 1) {
    const MemberTeamParts first = {&plan_,         program_,       smaller_,     batches_.get(),
                                   devices_.get(), modules_.get(), members_here_};
    BATON_ASSIGN_OR_RETURN(team_, MemberTeam::Create(job_, *backend_, first, *control_));
  }
  BATON_RETURN_IF_ERROR(CreateExecutor());
  BATON_RETURN_IF_ERROR(modules_->Bind(*executor_, devices_->Pointers()));
  MakeParameterState();
  BATON_RETURN_IF_ERROR(FillParameters(job_, *parameters_));
  BATON_RETURN_IF_ERROR(RoundWorkingCopies());
  BATON_RETURN_IF_ERROR(CreateStepRunner(graphs));
  if (planned_evaluation_.has_value()) {
    // Now rather than at the first evaluation, so that a lack of memory shows at the start.
    BATON_RETURN_IF_ERROR(CreateEvaluation(*std::exchange(planned_evaluation_, std::nullopt)));
  }
  if (team_ != nullptr) BATON_RETURN_IF_ERROR(team_->AwaitConnected());
  return run_->AwaitConnected();
}

void TrainingSession::MakeParameterState() {
  std::vector<const ParameterLayout*> layouts = {&plan_.layout};
  std::vector<ReplicaParameters> replicas = modules_->parameters();
  if (team_ != nullptr) {
    layouts = team_->Layouts();
    team_->AppendParameters(replicas);
  }
  parameters_ = std::make_unique<ParameterState>(std::move(layouts), std::move(replicas), members_here_.count);
  parameters_->SetGatherSlices(
      [this](Bytes bytes, const std::byte* own, std::byte* all) { return GatherSlices(bytes, own, all); });
  shards_parameters_ = std::any_of(program_->reduce_groups.begin(), program_->reduce_groups.end(),
                                   [](const ReduceGroup& group) { return group.kind == ReduceKind::kShardedUpdate; });
  // Masters are read shard by shard, parameters in a whole.
  if (shards_parameters_ && !plan_.layout.has_masters()) parameters_->SetGather([this] { return GatherShards(); });
}

absl::Status TrainingSession::CreateStepRunner(bool graphs) {
  StepRunnerOptions steps;
  steps.executor = executor_;
  for (const std::shared_ptr<const Program>& smaller : smaller_) {
    BATON_ASSIGN_OR_RETURN(const ProgramHandle handle, executor_->AddProgram(smaller, /*shares_slots=*/true));
    steps.programs.push_back({smaller, handle});
  }
  steps.programs.push_back({program_, ProgramHandle{}});
  steps.program_of_step = [this](int64_t step) { return BatchSizeOfStep(job_, step); };
  steps.costs = &plan_.request.costs;
  steps.modules = modules_.get();
  steps.batches = batches_.get();
  steps.stages = !devices_->FirstHere().arena_is_shared();
  steps.records = graphs;
  step_runner_ = std::make_unique<StepRunner>(steps);
  return absl::OkStatus();
}

absl::Status TrainingSession::CreateEvaluation(Program program) {
  BATON_ASSIGN_OR_RETURN(
      evaluation_, Evaluation::Create(std::move(program), {job_.batch().sequences(), job_.run().evaluate_at_most()},
                                      executor_, modules_.get(), batches_.get(), dataset_.get()));
  return absl::OkStatus();
}

}  // namespace baton
