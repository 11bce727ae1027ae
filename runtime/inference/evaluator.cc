// The loss by the program that training evaluates with; the accuracy by the logits of one micro-batch after the other.
#include "runtime/inference/evaluator.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ops/models/inference.h"
#include "runtime/data/dataset_of_job.h"
#include "runtime/inference/forward_session.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/job_model.h"
#include "runtime/train/batches.h"
#include "runtime/train/evaluation.h"

namespace baton {
namespace {

absl::StatusOr<double> LossOf(const proto::Job& job, const Dataset& dataset) {
  Batches batches(&dataset, job.batch().sequences() / job.batch().micro_batches());
  BATON_ASSIGN_OR_RETURN(ModelSpec model, ModelOfJob(job));
  BATON_ASSIGN_OR_RETURN(const auto session, ForwardSession::Create(job, std::move(model), &batches));
  BATON_ASSIGN_OR_RETURN(const auto evaluation,
                         Evaluation::Create(session->first().program, session->first().handle,
                                            {job.batch().sequences(), job.run().evaluate_at_most()},
                                            &session->executor(), &session->modules(), &batches, &dataset));
  BATON_RETURN_IF_ERROR(evaluation->Run(/*stop=*/nullptr));
  return evaluation->MeanOf(evaluation->BatchLosses());
}

// The fraction of the first `count` held-out examples that the model labels right.
absl::StatusOr<double> AccuracyOf(const proto::Job& trained, const Dataset& dataset, int64_t count) {
  const int64_t examples = trained.batch().sequences() / trained.batch().micro_batches();  // of a pass
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LogitsJob(trained, examples));
  const int64_t classes = NumClasses(job);
  Batches batches(&dataset, examples);
  BATON_ASSIGN_OR_RETURN(ModelSpec model, ModelOfJob(job));
  BATON_ASSIGN_OR_RETURN(const auto session, ForwardSession::Create(job, WithoutLoss(std::move(model)), &batches));
  StageModules& modules = session->modules();
  std::vector<float> logits(static_cast<size_t>(examples * classes));
  std::vector<int32_t> targets(static_cast<size_t>(examples));
  int64_t right = 0;
  for (int64_t first = 0; first < count; first += examples) {
    batches.SetHeldOut(first, count);
    modules.SetStaging(0);
    modules.Stage(*session->first().program, 0);
    BATON_RETURN_IF_ERROR(session->executor().RunStep(nullptr));
    BATON_RETURN_IF_ERROR(session->last_device().CopyFromArena(reinterpret_cast<std::byte*>(logits.data()),
                                                               modules.Output(),
                                                               static_cast<Bytes>(logits.size() * sizeof(float))));
    const int64_t here = std::min(examples, count - first);
    dataset.FillHeldOut(first, here, nullptr, targets.data());
    for (int64_t i = 0; i < here; ++i) {
      const float* const begin = &logits[static_cast<size_t>(i * classes)];
      right += std::max_element(begin, begin + classes) - begin == targets[static_cast<size_t>(i)] ? 1 : 0;
    }
  }
  return static_cast<double>(right) / static_cast<double>(count);
}

}  // namespace

absl::StatusOr<ModelScore> EvaluateModel(const proto::Job& trained, EvaluatedData data) {
  proto::Job job = ForwardJob(trained);
  if (data == EvaluatedData::kAll) job.mutable_data()->set_held_out(1);
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> dataset, MakeDataset(job));
  BATON_RETURN_IF_ERROR(CheckHeldOut(*dataset));
  ModelScore score;
  score.available = score.sequences = dataset->num_held_out();
  const int64_t at_most = job.run().evaluate_at_most();
  if (at_most > 0) score.sequences = std::min(score.sequences, at_most);
  BATON_ASSIGN_OR_RETURN(score.loss, LossOf(job, *dataset));
  if (ReadsTokens(job)) {
    score.tokens = dataset->num_targets();
  } else {
    BATON_ASSIGN_OR_RETURN(score.accuracy, AccuracyOf(job, *dataset, score.sequences));
  }
  return score;
}

}  // namespace baton
