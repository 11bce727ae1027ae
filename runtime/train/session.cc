// Hands each call to the parts that session_start.cc makes.
#include "runtime/train/session.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/failpoint.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/resolve.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/exchange_memory.h"
#include "runtime/planning/members.h"
#include "runtime/train/compare_replicas.h"
#include "runtime/train/gather_trace.h"
#include "runtime/train/shared_numbers.h"
#include "runtime/train/update_of_job.h"
#include "runtime/transport/peer.h"
#include "schedules/program/form/proto_form.h"

namespace baton {

TrainingSession::~TrainingSession() {
  // Members may still hear of failures while the executor ends.
  if (team_ != nullptr) team_->SetLeader(nullptr);
}

absl::Status TrainingSession::FirstFailure(const absl::Status& status) {
  if (IsAlone() || absl::IsCancelled(status)) return status;
  control_->Abort(status, PeerOf(status));
  // The answer is which failure was first; the operation itself never ends well.
  const absl::Status first = control_->Barrier(kFailureChannel);
  return control_->failed_rank() == control_->rank() ? status : first;
}

absl::Status TrainingSession::Restore(const Checkpoint& checkpoint) {
  BATON_RETURN_IF_ERROR(ShareStatus(*control_, parameters_->Restore(checkpoint)));
  num_updates_ = checkpoint.manifest().step() - checkpoint.manifest().skipped_steps();
  return RoundWorkingCopies();
}

absl::Status TrainingSession::RoundWorkingCopies() {
  BATON_RETURN_IF_ERROR(modules_->RoundWorkingCopies());
  // Each replica has rounded its shard of the masters.
  shards_are_apart_ = shards_parameters_ && plan_.layout.has_masters();
  return absl::OkStatus();
}

proto::CheckpointManifest TrainingSession::DescribeRun() const {
  proto::CheckpointManifest about;
  *about.mutable_job() = job_;
  about.set_program_hash(HashOf(PrintProgramProto(*program_)));
  // The schedule's own replicas alone: those of the job sum by batch.sum_groups, whatever their number.
  about.set_replicas(static_cast<int32_t>(program_->placement.replicas().size()) / program_->num_chunks /
                     job_.parallel().replicas());
  about.set_data_hash(dataset_->ContentsHash());
  const std::string devices = DescribeDevices();
  about.set_platform(devices.empty() ? backend_->platform() : absl::StrCat(backend_->platform(), ", ", devices));
  return about;
}

absl::StatusOr<StepResult> TrainingSession::Step(int64_t step, bool wants_trace) {
  BATON_RETURN_IF_ERROR(Failpoint("train.step"));
  const int size = BatchSizeOfStep(job_, step);
  modules_->UseProgram(size < static_cast<int>(smaller_.size()) ? size : -1);
  UpdateControl update = UpdateOfJob(job_, step, num_updates_);
  update.num_micro_batches = ProgramOfStep(step).num_micro_batches;
  modules_->BeginStep(update, {/*training=*/true, job_.run().seed(), step});
  shards_are_apart_ = shards_parameters_;
  const absl::Status ran = step_runner_->Run(step, wants_trace ? &next_trace_ : nullptr);
  if (!ran.ok()) return FirstFailure(ran);
  StepResult result;
  BATON_ASSIGN_OR_RETURN(
      const std::vector<double> losses,
      ShareLosses(*control_, ProgramOfStep(step), devices_->rank_of_device(), modules_->Losses(), KnownTo::kRank0));
  result.loss = losses.empty() ? 0 : losses.front();
  result.gradient_norm = modules_->GradientNorm();
  result.learning_rate = update.learning_rate;
  result.applied = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.applied) {
    ++num_updates_;
  } else {
    BATON_ASSIGN_OR_RETURN(result.stopped, ShareAny(*control_, stop_ != nullptr && *stop_));
  }
  const int64_t every = job_.parallel().verify_replicas_every();
  if (every > 0 && (step + 1) % every == 0) BATON_RETURN_IF_ERROR(VerifyReplicas(step));
  if (!wants_trace || result.stopped) return result;
  if (!IsAlone()) {
    BATON_RETURN_IF_ERROR(
        GatherTrace(*control_, ProgramOfStep(step), devices_->rank_of_device(), executor_->step_start(), next_trace_));
  }
  std::swap(trace_, next_trace_);
  return result;
}

absl::Status TrainingSession::GatherShards() {
  if (!shards_are_apart_) return absl::OkStatus();
  const absl::Status ran = executor_->RunGathers();
  if (!ran.ok()) return FirstFailure(ran);
  shards_are_apart_ = false;
  return absl::OkStatus();
}

absl::Status TrainingSession::VerifyReplicas(int64_t step) {
  BATON_RETURN_IF_ERROR(GatherShards());
  const size_t num_entries = program_->placement.replicas().size();
  std::vector<ParameterHashes> hashes;  // of the replicas that are here
  for (size_t entry = 0; entry < num_entries; ++entry) {
    for (int member = 0; member < members_here_.count; ++member) {
      const ReplicaParameters& replica = parameters_->replicas()[member * num_entries + entry];
      if (replica.device == nullptr) continue;
      BATON_ASSIGN_OR_RETURN(hashes.emplace_back(), HashParameters(plan_.layout, replica));
    }
  }
  return CompareReplicas(*control_, *program_, devices_->dealt(), hashes, step);
}

Bytes TrainingSession::ExchangeBytesOf(int device) const {
  if (job_.devices().backend() != proto::Devices::CUDA) return 0;
  return ExchangeBytes(*program_, devices_->rank_of_device(), device);
}

void TrainingSession::SetStop(const std::atomic<bool>* stop) {
  stop_ = stop;
  modules_->SetStop(stop);
}

absl::StatusOr<NonfiniteOrigin> TrainingSession::FindNonfinite(int64_t step) {
  modules_->BeginExamination();
  const absl::Status status = step_runner_->RunInstructions(step);
  const NonfiniteOrigin origin = modules_->EndExamination();
  if (!status.ok()) return FirstFailure(status);
  return ShareOrigin(*control_, origin);
}

absl::StatusOr<double> TrainingSession::Evaluate() {
  if (evaluation_ == nullptr) {
    BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset_));
    BATON_ASSIGN_OR_RETURN(Program program, CompileEvaluation(plan_.request));
    BATON_RETURN_IF_ERROR(CreateEvaluation(std::move(program)));
    BATON_RETURN_IF_ERROR(run_->AwaitConnected());
  }
  BATON_RETURN_IF_ERROR(GatherShards());
  step_runner_->ForgetStaged();
  // Processes that were told to stop at different times would evaluate different numbers of batches.
  const absl::Status ran = evaluation_->Run(IsAlone() ? stop_ : nullptr);
  if (!ran.ok()) return absl::IsCancelled(ran) ? ran : FirstFailure(ran);
  BATON_ASSIGN_OR_RETURN(
      const std::vector<double> losses,
      ShareLosses(*control_, evaluation_->program(), devices_->rank_of_device(), evaluation_->losses(), KnownTo::kAll));
  return evaluation_->MeanOf(losses);
}

absl::StatusOr<std::vector<TensorToWrite>> TrainingSession::Weights() {
  BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> own, parameters_->Weights());
  if (IsAlone()) return own;
  BATON_ASSIGN_OR_RETURN(gathered_, GatherWeights(*control_, parameters_->WholeSpecs(), own));
  return gathered_.tensors;
}

const Program& TrainingSession::ProgramOfStep(int64_t step) const {
  const size_t size = BatchSizeOfStep(job_, step);
  return size < smaller_.size() ? *smaller_[size] : *program_;
}

int64_t TrainingSession::SequencesOfStep(int64_t step) const {
  return int64_t{job_.batch().sequences()} / job_.batch().micro_batches() * ProgramOfStep(step).num_micro_batches;
}

double TrainingSession::FlopsOfStep(int64_t step) const { return model_flops_ * ProgramOfStep(step).num_micro_batches; }

int TrainingSession::NumDevicesOnHost() const {
  int count = 0;
  for (int device = 0; device < program_->num_devices(); ++device) count += devices_->MembersOnHost(device);
  return count;
}

std::string TrainingSession::DescribeDevices() const { return baton::DescribeDevices(job_.devices()); }

std::string TrainingSession::NoteOnPrecision() const { return baton::NoteOnPrecision(job_.devices()); }

std::vector<std::string> TrainingSession::DescribePadding() const {
  return baton::DescribePadding(job_.parallel().tensor(), plan_.table.parameters);
}

std::string TrainingSession::DescribeHeldOut() const {
  const int64_t held_out = dataset_->num_held_out();
  if (held_out == 0) return "";
  if (!ReadsTokens(job_)) return absl::StrCat("held out: ", FormatPlural(held_out, "example"));
  return absl::StrCat("held out: ", FormatPlural(held_out * dataset_->num_targets(), "token"), " in ",
                      FormatPlural(held_out, "sequence"));
}

absl::Status TrainingSession::GatherSlices(Bytes bytes, const std::byte* own, std::byte* all) {
  const absl::Status gathered = team_->GatherSlices(bytes, own, all);
  return gathered.ok() ? gathered : FirstFailure(gathered);
}

absl::StatusOr<std::vector<std::byte>> TrainingSession::ParametersAt(int replica_index) {
  BATON_RETURN_IF_ERROR(GatherShards());
  const ChunkReplica& replica = program_->placement.replicas()[replica_index];
  std::vector<std::byte> parameters(plan_.layout.ParameterBytes(replica.chunk));
  BATON_RETURN_IF_ERROR(devices_->Pointers()[replica.device]->CopyFromArena(
      parameters.data(), executor_->StateOf(replica_index).parameters, static_cast<Bytes>(parameters.size())));
  return parameters;
}

}  // namespace baton
