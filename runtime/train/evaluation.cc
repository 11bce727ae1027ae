// Batch after batch through the forward-only program.
#include "runtime/train/evaluation.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace baton {

absl::Status CheckHeldOut(const Dataset& dataset) {
  if (dataset.num_held_out() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("data.held_out: 0 leaves nothing to evaluate on");
}

Evaluation::Evaluation(std::shared_ptr<const Program> program, ProgramHandle handle, const EvaluationSizes& sizes,
                       Executor* executor, StageModules* modules, Batches* batches, const Dataset* dataset)
    : program_(std::move(program)),
      sizes_(sizes),
      executor_(executor),
      modules_(modules),
      batches_(batches),
      dataset_(dataset),
      handle_(handle) {}

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Create(Program program, const EvaluationSizes& sizes,
                                                               Executor* executor, StageModules* modules,
                                                               Batches* batches, const Dataset* dataset) {
  BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset));
  auto shared = std::make_shared<const Program>(std::move(program));
  BATON_ASSIGN_OR_RETURN(const ProgramHandle handle, executor->AddProgram(shared));
  return Create(std::move(shared), handle, sizes, executor, modules, batches, dataset);
}

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Create(std::shared_ptr<const Program> program,
                                                               ProgramHandle handle, const EvaluationSizes& sizes,
                                                               Executor* executor, StageModules* modules,
                                                               Batches* batches, const Dataset* dataset) {
  BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset));
  return std::unique_ptr<Evaluation>(
      new Evaluation(std::move(program), handle, sizes, executor, modules, batches, dataset));
}

int64_t Evaluation::NumSequences() const {
  const int64_t held_out = dataset_->num_held_out();
  return sizes_.at_most == 0 ? held_out : std::min(held_out, sizes_.at_most);
}

absl::Status Evaluation::Run(const std::atomic<bool>* stop) {
  const int64_t end = NumSequences();
  losses_.clear();
  modules_->UseProgram(-1);
  modules_->BeginEvaluation();
  for (int64_t first = 0; first < end; first += sizes_.batch) {
    batches_->SetHeldOut(first, end);
    modules_->SetStaging(0);
    modules_->Stage(*program_, 0);
    BATON_RETURN_IF_ERROR(executor_->RunStep(handle_, nullptr));
    if (stop != nullptr && *stop) return absl::CancelledError("the evaluation was stopped");
    const std::vector<double> losses = modules_->Losses();
    losses_.insert(losses_.end(), losses.begin(), losses.end());
  }
  return absl::OkStatus();
}

std::vector<double> Evaluation::BatchLosses() const {
  std::vector<double> batches;
  for (size_t i = 0; i < losses_.size(); ++i) {
    if (i % program_->num_micro_batches == 0) batches.push_back(0);
    batches.back() += losses_[i];
  }
  return batches;
}

double Evaluation::MeanOf(const std::vector<double>& batches) const {
  double sum = 0;  // over sequences
  // The loss of a batch is divided by the rows of a whole one.
  for (const double loss : batches) sum += loss * static_cast<double>(sizes_.batch);
  return sum / static_cast<double>(NumSequences());
}

}  // namespace baton
