// A job made ready to train: model, plan, proven program, devices, modules and the executor, and one call a step.
// The trainer, the end-to-end tests and the benchmarks drive it.
#ifndef BATON_RUNTIME_TRAIN_TRAINING_RUN_H_
#define BATON_RUNTIME_TRAIN_TRAINING_RUN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/data/dataset.h"
#include "runtime/execute/executor.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/job_model.h"
#include "runtime/train/layer_stage_module.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// What one step gives. Losses are means over all rows of the batch.
struct StepResult {
  double loss = 0;
  double gradient_norm = 0;
  double learning_rate = 0;
};

// Thread contract: one thread at a time. Owns all; destruction joins the workers.
class TrainingRun {
 public:
  // `job` must be resolved. The program is placed for `transport`, which changes no bit of what is trained. Errors:
  // InvalidArgument for what the job asks wrongly, Unavailable if a device is missing. `graphs`: where devices can
  // record graphs, all steps but the first run as one.
  static absl::StatusOr<std::unique_ptr<TrainingRun>> Create(const proto::Job& job,
                                                             const TransportModel& transport = {}, bool graphs = true);
  ~TrainingRun();

  // Runs optimizer step number `step`, from 0, with a `trace` or not. After an error the run is over.
  absl::StatusOr<StepResult> Step(int64_t step, bool wants_trace = true);
  // True if a trace costs time, so that it should not be asked for at every step.
  bool traces_cost_time() const { return graphs_ != nullptr; }
  // For people, as "1 × NVIDIA H200, 139.8 GiB"; empty for the host.
  std::string DescribeDevices() const;
  // The mean loss over the held-out data, or over 32 batches of it where there is more.
  absl::StatusOr<double> Evaluate();
  // The whole model's parameters by name, the same for every split; valid until the next call.
  absl::StatusOr<std::vector<TensorToWrite>> Weights();

  const Program& program() const { return *program_; }
  const Trace& trace() const { return trace_; }  // of the last step that was traced
  // Sizes as planned; times by the job's rates, or by FLOPs only (1 ns a FLOP): the shape of the costs before anything
  // was measured.
  const CostModel& planned_costs() const { return costs_; }
  Bytes PeakArenaBytes(int device) const;
  // A copy of the parameters of a chunk's replica, an index into ChunkPlacement::replicas().
  absl::StatusOr<std::vector<std::byte>> ParametersAt(int replica_index) const;
  // Tokens (or examples, for other data) in a batch.
  int64_t rows_per_step() const;

 private:
  class Batches;

  // A program with the devices that it runs on.
  struct Execution {
    absl::Status Start(const proto::Devices& devices, std::shared_ptr<const Program> program,
                       const std::vector<StageModule*>& modules);

    JobDevices devices;
    std::unique_ptr<Executor> executor;
  };

  TrainingRun() = default;
  absl::Status Prepare(const proto::Job& job, const TransportModel& transport);
  absl::Status PrepareExecution();
  // The steps recorded as graphs, where devices can: for each staging, and with times or without.
  struct Graphs {
    Trace order;  // simulated
    std::unique_ptr<RecordedStep> steps[LayerStageModule::kNumStagings][2];
  };

  // Runs the training program once, as a graph where one stands or can be recorded.
  absl::Status RunStep(int64_t step, Trace* trace);
  // Fills the modules' staging memory for what `program` loads, from the batch that is set.
  void StageBatch(const Program& program, int staging);
  // Of the batch that was run last, in the order of micro-batches.
  double SumOfLosses() const;

  proto::Job job_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Dataset> dataset_;
  ModelTable table_;
  std::vector<LayerRange> split_;
  ParameterTable parameters_;
  CostModel costs_;
  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Program> evaluation_program_;
  std::unique_ptr<Batches> batches_;
  std::vector<std::unique_ptr<LayerStageModule>> modules_;  // as ChunkPlacement::replicas(); they serve both programs
  bool wants_graphs_ = true;
  Execution training_;
  ProgramHandle evaluation_;                        // of training_.executor
  std::unique_ptr<Graphs> graphs_;                  // null before the first step, and where there are none
  int64_t staged_step_ = -1;                        // whose batch is in staging already
  std::vector<std::vector<std::byte>> downloaded_;  // what Weights() gave out, where the host cannot see the arena
  Trace trace_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_TRAINING_RUN_H_
