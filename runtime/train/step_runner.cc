// One step by instructions, later ones from recordings.
#include "runtime/train/step_runner.h"

#include <utility>

#include "base/status.h"
#include "schedules/simulate/simulate.h"

namespace baton {

absl::Status StepRunner::Run(int64_t step, Trace* trace) {
  const int staging = static_cast<int>(step % LayerStageModule::kNumStagings);
  options_.modules->SetStaging(staging);
  options_.batches->SetTraining(step);
  if (!options_.stages) return options_.executor->RunStep(trace);
  if (staged_step_ != step) Stage(step);
  const auto stage_next = [this, step] { Stage(step + 1); };
  if (order_ != nullptr) return RunRecorded(staging, trace, stage_next);
  // The first step creates what instructions need and a recording must not create.
  BATON_RETURN_IF_ERROR(options_.executor->RunStep(trace, stage_next));
  if (!options_.records) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(Trace order, Simulate(*options_.program, *options_.costs));
  order_ = std::make_unique<Trace>(std::move(order));
  return absl::OkStatus();
}

absl::Status StepRunner::RunInstructions(int64_t step) {
  options_.modules->SetStaging(static_cast<int>(step % LayerStageModule::kNumStagings));
  options_.batches->SetTraining(step);
  if (options_.stages) Stage(step);
  return options_.executor->RunStep(nullptr);
}

void StepRunner::Stage(int64_t step) {
  options_.batches->SetTraining(step);
  options_.modules->Stage(*options_.program, static_cast<int>(step % LayerStageModule::kNumStagings));
  staged_step_ = step;
}

absl::Status StepRunner::RunRecorded(int staging, Trace* trace, const std::function<void()>& stage_next) {
  const bool timed = trace != nullptr;
  std::unique_ptr<RecordedStep>& recorded = recorded_[staging][timed ? 1 : 0];
  if (recorded == nullptr) {
    BATON_ASSIGN_OR_RETURN(recorded, options_.executor->RecordStep({}, *order_, timed));
  }
  return options_.executor->RunRecorded(*recorded, trace, stage_next);
}

}  // namespace baton
