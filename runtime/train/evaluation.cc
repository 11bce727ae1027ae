// Batch by batch through the forward-only program.
#include "runtime/train/evaluation.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace baton {

absl::Status CheckHeldOut(const Dataset& dataset) {
  if (dataset.num_held_out() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("data.held_out: 0 leaves nothing to evaluate on");
}

Evaluation::Evaluation(Program program, int64_t sequences, Executor* executor, StageModules* modules, Batches* batches,
                       const Dataset* dataset)
    : program_(std::make_shared<const Program>(std::move(program))),
      sequences_(sequences),
      executor_(executor),
      modules_(modules),
      batches_(batches),
      dataset_(dataset) {}

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Create(Program program, int64_t sequences, Executor* executor,
                                                               StageModules* modules, Batches* batches,
                                                               const Dataset* dataset) {
  BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset));
  std::unique_ptr<Evaluation> evaluation(
      new Evaluation(std::move(program), sequences, executor, modules, batches, dataset));
  BATON_ASSIGN_OR_RETURN(evaluation->handle_, executor->AddProgram(evaluation->program_));
  return evaluation;
}

absl::StatusOr<double> Evaluation::Run() {
  const int64_t count = std::clamp<int64_t>(dataset_->num_held_out() / sequences_, 1, kMaxEvaluationBatches);
  double sum = 0;
  for (int64_t index = 0; index < count; ++index) {
    batches_->SetHeldOut(index * sequences_);
    modules_->SetStaging(0);
    modules_->Stage(*program_, 0);
    BATON_RETURN_IF_ERROR(executor_->RunStep(handle_, nullptr));
    sum += modules_->Loss();
  }
  return sum / static_cast<double>(count);
}

}  // namespace baton
