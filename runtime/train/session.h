// A job made ready to train: model, plan, proven programs, devices, modules and the executor, and one call a step. The
// trainer, the end-to-end tests and the benchmarks drive it. In a run over several processes each has a session, with
// its own devices; all call the same functions in the same order.
//
//   BATON_ASSIGN_OR_RETURN(const auto session, TrainingSession::Create(job));
//   for (int64_t step = 0; step < job.run().steps(); ++step) {
//     BATON_ASSIGN_OR_RETURN(const StepResult result, session->Step(step));
//   }
//   BATON_RETURN_IF_ERROR(WriteSafetensors(path, session->Weights().value()));
#ifndef BATON_RUNTIME_TRAIN_SESSION_H_
#define BATON_RUNTIME_TRAIN_SESSION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/checkpoint.pb.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/data/dataset.h"
#include "runtime/execute/executor.h"
#include "runtime/planning/prepare_job.h"
#include "runtime/process/control.h"
#include "runtime/process/lone_control.h"
#include "runtime/train/batches.h"
#include "runtime/train/evaluation.h"
#include "runtime/train/gather_weights.h"
#include "runtime/train/member_team.h"
#include "runtime/train/nonfinite.h"
#include "runtime/train/parameter_state.h"
#include "runtime/train/run_devices.h"
#include "runtime/train/run_executor.h"
#include "runtime/train/stage_modules.h"
#include "runtime/train/step_runner.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// The numbers of one step.
struct StepResult {
  double loss = 0;           // mean over all rows of the batch, in nats; 0 in other processes than rank 0
  double gradient_norm = 0;  // L2, over all gradients, before clipping; NaN also if a loss is not finite
  double learning_rate = 0;
  // False if the loss or the norm is not finite, or if the step was stopped. Then parameters and optimizer state are as
  // before the step.
  bool applied = true;
  bool stopped = false;  // by SetStop in any process; the numbers mean nothing
};

struct SessionOptions {
  // The programs are proven for it; it changes no bit of the result.
  TransportModel transport;
  // If the devices can, steps after the first are recorded once and replayed.
  bool graphs = true;
  std::string token_cache;  // see MakeDataset
  // The processes of the run. Borrowed; null: this one is alone.
  Control* control = nullptr;
};

// Thread contract: one thread at a time. Owns all; destruction joins the workers.
class TrainingSession {
 public:
  // `job` must be resolved, and the same in all processes. Errors: InvalidArgument for an impossible job, Unavailable
  // if a device is missing, those of data and devices; Cancelled, as of all functions below, if another process failed.
  static absl::StatusOr<std::unique_ptr<TrainingSession>> Create(const proto::Job& job,
                                                                 const SessionOptions& options = {});
  ~TrainingSession();

  // Runs training step `step`, from 0, and keeps its trace if `wants_trace`. After an error the session is of no use.
  absl::StatusOr<StepResult> Step(int64_t step, bool wants_trace = true);
  // Once `*stop` is true, a step on the host ends within an instruction, unless it is applied already, and the session
  // may go on once it is false. Evaluate then returns Cancelled. Not owned; must outlive the session's last call.
  void SetStop(const std::atomic<bool>* stop);
  // Runs step `step`, which was not applied, once more to find where its numbers first stopped being finite.
  absl::StatusOr<NonfiniteOrigin> FindNonfinite(int64_t step);
  // True if a trace costs time. Then it should not be asked for in every step.
  bool traces_cost_time() const { return step_runner_->replays() || !IsAlone(); }

  // The mean loss over the held-out data; see Evaluation::Run. Unless run.evaluate_every is set, the first call
  // compiles the evaluation program and allocates its arenas. Errors: InvalidArgument if data.held_out is 0.
  absl::StatusOr<double> Evaluate();
  // The model's parameters by name, in the same order for every split; valid until the next call or step. In a run over
  // several processes rank 0 gets all, in memory of its own, and the others nothing.
  absl::StatusOr<std::vector<TensorToWrite>> Weights();
  // The parameters and moments by name, for checkpoints. Lives as long as the session.
  ParameterState& state() { return *parameters_; }
  // Goes on from a checkpoint: the next step is manifest().step(). After an error, in any process, parameters and
  // moments may be partly the checkpoint's. Errors: those of ParameterState::Restore.
  absl::Status Restore(const Checkpoint& checkpoint);
  // A manifest with the fields that are the same for every step of the run.
  proto::CheckpointManifest DescribeRun() const;

  // The program of the whole batch, and that of step `step`, which differs from it if batch.ramp makes its batch
  // smaller.
  const Program& program() const { return *program_; }
  const Program& ProgramOfStep(int64_t step) const;
  // The trace of the last step that was traced and not stopped; in other processes than rank 0, of their devices alone.
  const Trace& trace() const { return trace_; }
  // The cores that the devices share; traces carry them.
  void SetCores(const SharedCores& cores) { trace_.cores = next_trace_.cores = cores; }
  // Sizes as planned. Times by the job's rates, or 1 ns a FLOP: right in proportion, before anything was measured.
  const CostModel& planned_costs() const { return plan_.request.costs; }
  // The job's devices on this host, whatever their process.
  int NumDevicesOnHost() const;
  // For people, as "1 × NVIDIA H200, 139.8 GiB"; empty for the host.
  std::string DescribeDevices() const;
  // A sentence if this machine computes in another precision than devices.precision; else empty.
  std::string NoteOnPrecision() const;
  // See DescribePadding in runtime/planning/members.h.
  std::vector<std::string> DescribePadding() const;
  // The held-out data in a line for people; empty if there is none.
  std::string DescribeHeldOut() const;
  // See Executor::PeakArenaBytes; of the training program.
  Bytes PeakArenaBytes(int device) const { return executor_->PeakArenaBytes(device); }
  // GPU memory for the training program's sums with other processes; see ExchangeBytes in runtime/planning.
  Bytes ExchangeBytesOf(int device) const;
  // The parameters region of one replica of a chunk, an index into ChunkPlacement::replicas(), that is in this process.
  // In all processes alike if updates are sharded.
  absl::StatusOr<std::vector<std::byte>> ParametersAt(int replica_index);
  // Sequences (examples, for other data) in the batch of step `step`, and their tokens.
  int64_t SequencesOfStep(int64_t step) const;
  int64_t RowsOfStep(int64_t step) const { return SequencesOfStep(step) * dataset_->num_targets(); }
  // The model's FLOPs for the batch, forward and backward, without recomputation.
  double FlopsOfStep(int64_t step) const;

 private:
  TrainingSession() = default;
  // Plans, compiles, checks and reads the data. Nothing is launched.
  absl::Status Prepare(const SessionOptions& options);
  absl::StatusOr<PreparedJob> PrepareOrReceive(const TransportModel& transport);
  absl::Status CheckMemoryOfHost(const JobPrograms& programs) const;
  absl::Status CheckTensor() const;
  void MakeParameterState();
  // Starts devices and executor, and fills the parameters.
  absl::Status Launch(bool graphs);
  absl::Status CreateExecutor();
  absl::Status CreateStepRunner(bool graphs);
  // Compares the replicas of each chunk. Errors: those of CompareReplicas.
  absl::Status VerifyReplicas(int64_t step);
  // Brings all replicas up to date if the last step has left each with its shard alone. In all processes alike.
  absl::Status GatherShards();
  // After the parameters were written from outside.
  absl::Status RoundWorkingCopies();
  // See MemberTeam::GatherSlices.
  absl::Status GatherSlices(Bytes bytes, const std::byte* own, std::byte* all);
  absl::Status CreateEvaluation(Program program);
  // The run's first failure, if that of this process, `status`, may be a consequence; otherwise `status`.
  absl::Status FirstFailure(const absl::Status& status);
  bool IsAlone() const { return control_->size() == 1; }

  proto::Job job_;
  LoneControl alone_;
  Control* control_ = &alone_;
  std::unique_ptr<Backend> backend_;
  JobPlan plan_;  // of the first member here
  std::shared_ptr<const Program> program_;
  std::vector<std::shared_ptr<const Program>> smaller_;  // of smaller batches, ascending; see batch.ramp
  double model_flops_ = 0;                               // of the whole model, for one micro-batch
  std::optional<Program> planned_evaluation_;            // until it is launched
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<Batches> batches_;
  std::unique_ptr<StageModules> modules_;
  DealtMembers members_here_;  // of tensor-parallel groups; the first of them leads the others
  std::unique_ptr<RunDevices> devices_;
  std::unique_ptr<MemberTeam> team_;  // null without tensor parallelism
  std::unique_ptr<RunExecutor> run_;
  Executor* executor_ = nullptr;  // that of run_
  std::unique_ptr<ParameterState> parameters_;
  bool shards_parameters_ = false;  // each replica updates a shard
  bool shards_are_apart_ = false;   // since the last step that did
  GatheredWeights gathered_;
  std::unique_ptr<StepRunner> step_runner_;
  std::unique_ptr<Evaluation> evaluation_;  // null until something is evaluated
  int64_t num_updates_ = 0;                 // steps that were applied; the correction of the moments' bias counts these
  const std::atomic<bool>* stop_ = nullptr;
  Trace trace_;
  Trace next_trace_;  // of the step that runs
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_SESSION_H_
