// One step by instructions, later ones from recordings.
#include "runtime/train/step_runner.h"

#include <utility>

#include "base/status.h"
#include "schedules/simulate/simulate.h"

namespace baton {

absl::Status StepRunner::Run(int64_t step, Trace* trace) {
  const int index = options_.program_of_step(step);
  const StepRunnerOptions::Runnable& runs = options_.programs[index];
  options_.modules->SetStaging(static_cast<int>(step % LayerStageModule::kNumStagings));
  options_.batches->SetTraining(step);
  if (!options_.stages) return options_.executor->RunStep(runs.handle, trace);
  if (staged_step_ != step) Stage(step);
  const auto stage_next = [this, step] { Stage(step + 1); };
  std::unique_ptr<Trace>& order = recordings_[index].order;
  if (order != nullptr) return RunRecorded(step, trace, stage_next);
  // A program's first step creates what instructions need and a recording must not create.
  BATON_RETURN_IF_ERROR(options_.executor->RunStep(runs.handle, trace, stage_next));
  if (!options_.records) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(Trace simulated, Simulate(*runs.program, *options_.costs));
  order = std::make_unique<Trace>(std::move(simulated));
  replays_ = true;
  return absl::OkStatus();
}

absl::Status StepRunner::RunInstructions(int64_t step) {
  options_.modules->SetStaging(static_cast<int>(step % LayerStageModule::kNumStagings));
  options_.batches->SetTraining(step);
  if (options_.stages) Stage(step);
  return options_.executor->RunStep(options_.programs[options_.program_of_step(step)].handle, nullptr);
}

void StepRunner::Stage(int64_t step) {
  options_.batches->SetTraining(step);
  options_.modules->Stage(*options_.programs[options_.program_of_step(step)].program,
                          static_cast<int>(step % LayerStageModule::kNumStagings));
  staged_step_ = step;
}

absl::Status StepRunner::RunRecorded(int64_t step, Trace* trace, const std::function<void()>& stage_next) {
  const int index = options_.program_of_step(step);
  Recordings& recordings = recordings_[index];
  const bool timed = trace != nullptr;
  std::unique_ptr<RecordedStep>& recorded = recordings.recorded[step % LayerStageModule::kNumStagings][timed ? 1 : 0];
  if (recorded == nullptr) {
    BATON_ASSIGN_OR_RETURN(recorded,
                           options_.executor->RecordStep(options_.programs[index].handle, *recordings.order, timed));
  }
  return options_.executor->RunRecorded(*recorded, trace, stage_next);
}

}  // namespace baton
