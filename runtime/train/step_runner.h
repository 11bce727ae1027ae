// Runs training steps: sets each step's data, stages the next step's while one runs, and replays recorded steps where
// devices can record them. Used by training sessions.
//
//   step       0                  1                    2
//   runs       instructions       records, replays     replays
//   meanwhile  stages batch 1     stages batch 2       stages batch 3        (where the host cannot write the arena)
#ifndef BATON_RUNTIME_TRAIN_STEP_RUNNER_H_
#define BATON_RUNTIME_TRAIN_STEP_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "runtime/execute/executor.h"
#include "runtime/train/batches.h"
#include "runtime/train/layer_stage_module.h"
#include "runtime/train/stage_modules.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Everything that is pointed to is borrowed.
struct StepRunnerOptions {
  Executor* executor = nullptr;
  // A training program: that of the whole batch, or of a smaller one.
  struct Runnable {
    std::shared_ptr<const Program> program;
    ProgramHandle handle;
  };
  std::vector<Runnable> programs;
  std::function<int(int64_t step)> program_of_step;  // an index of `programs`
  const CostModel* costs = nullptr;                  // for the order in which a step is recorded
  StageModules* modules = nullptr;
  Batches* batches = nullptr;
  bool stages = false;   // Load copies from staging memory: the host cannot write the arenas
  bool records = false;  // record steps after the first, and replay them
};

// Thread contract: the launching thread. Must be destroyed before the devices.
class StepRunner {
 public:
  explicit StepRunner(const StepRunnerOptions& options) : options_(options), recordings_(options.programs.size()) {}

  // Runs training step `step`, from 0, with the update that is set; fills `trace` unless it is null. Errors: those of
  // Executor::RunStep, RecordStep and RunRecorded.
  absl::Status Run(int64_t step, Trace* trace);
  // Runs training step `step` by instructions, without a trace. Errors: those of Executor::RunStep.
  absl::Status RunInstructions(int64_t step);
  // True once steps are replayed. Only then a trace costs time.
  bool replays() const { return replays_; }
  // To be called when staging memory was filled for anything else than a training step.
  void ForgetStaged() { staged_step_ = -1; }

 private:
  void Stage(int64_t step);
  absl::Status RunRecorded(int64_t step, Trace* trace, const std::function<void()>& stage_next);

  const StepRunnerOptions options_;
  int64_t staged_step_ = -1;  // the step whose batch is in staging memory; -1: none
  bool replays_ = false;
  struct Recordings {
    std::unique_ptr<Trace> order;  // simulated; null before the program's first step and if steps are not recorded
    std::unique_ptr<RecordedStep> recorded[LayerStageModule::kNumStagings][2];  // [staging][timed]
  };
  std::vector<Recordings> recordings_;  // [program]
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_STEP_RUNNER_H_
