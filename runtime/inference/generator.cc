// A program for each padded size; the last row of its logits.
#include "runtime/inference/generator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/inference.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/job_model.h"

namespace baton {
int64_t PaddedWindow(int64_t tokens, int64_t context) {
  int64_t size = kSmallestWindow;
  while (size < tokens) size *= 2;
  return std::min(size, context);
}

Generator::Generator(ModelSpec model, int64_t vocabulary)
    : model_(std::move(model)),
      context_(model_.input_shape[1]),
      vocabulary_(vocabulary),
      window_(context_),
      logits_(static_cast<size_t>(vocabulary)) {}

absl::StatusOr<std::unique_ptr<Generator>> Generator::Create(const proto::Job& trained) {
  BATON_ASSIGN_OR_RETURN(proto::Job job, LogitsJob(trained, /*sequences=*/1));
  BATON_ASSIGN_OR_RETURN(ModelSpec model, ModelOfJob(job));
  if (!ReadsTokens(model)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: ", model.name, " reads no tokens, so that it generates none"));
  }
  if (!IsCausal(model)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: ", model.name, " sees the tokens behind a position, so that it cannot generate the next"));
  }
  std::unique_ptr<Generator> generator(new Generator(WithoutLoss(std::move(model)), NumClasses(job)));
  generator->job_ = std::move(job);
  return generator;
}

ModelSpec Generator::ModelOf(int64_t size) const {
  ModelSpec model = model_;
  model.input_shape = model.targets_shape = Shape(DataType::kInt32, {1, size});
  return model;
}

absl::StatusOr<ForwardProgram> Generator::ProgramOf(int64_t size) {
  if (const auto known = programs_.find(size); known != programs_.end()) return known->second;
  if (session_ == nullptr) {
    BATON_ASSIGN_OR_RETURN(session_, ForwardSession::Create(job_, ModelOf(size), &window_));
    return programs_[size] = session_->first();
  }
  BATON_ASSIGN_OR_RETURN(const ForwardProgram added, session_->Add(ModelOf(size)));
  return programs_[size] = added;
}

absl::StatusOr<absl::Span<const float>> Generator::Logits(absl::Span<const int32_t> tokens) {
  if (tokens.empty()) return absl::InvalidArgumentError("no tokens to continue");
  for (const int32_t token : tokens) {
    if (token >= 0 && token < vocabulary_) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("token ", token, " is not in the vocabulary of ", vocabulary_, " tokens"));
  }
  tokens = tokens.last(std::min<size_t>(tokens.size(), static_cast<size_t>(context_)));
  const auto count = static_cast<int64_t>(tokens.size());
  const int64_t size = PaddedWindow(count, context_);
  BATON_ASSIGN_OR_RETURN(const ForwardProgram runs, ProgramOf(size));
  window_.Set(tokens, size);
  StageModules& modules = session_->modules();
  modules.UseModel(runs.model);
  modules.SetStaging(0);
  modules.Stage(*runs.program, 0);
  BATON_RETURN_IF_ERROR(session_->executor().RunStep(runs.handle, nullptr));
  const auto bytes = static_cast<Bytes>(logits_.size() * sizeof(float));
  BATON_RETURN_IF_ERROR(session_->last_device().CopyFromArena(reinterpret_cast<std::byte*>(logits_.data()),
                                                              modules.Output() + (count - 1) * bytes, bytes));
  return absl::MakeConstSpan(logits_);
}

}  // namespace baton
