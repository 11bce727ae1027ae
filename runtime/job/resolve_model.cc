// Defaults and limits of a job's model: what all kinds share. The kinds are in files of their own.
#include "runtime/job/resolve_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

absl::Status CheckSizes(const ModelSizes& sizes, int64_t micro_batch) {
  if (sizes.parameters > static_cast<double>(kMaxParameters)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: ", sizes.parameters, " parameters must be at most ", kMaxParameters));
  }
  if (sizes.widest * micro_batch > static_cast<double>(kMaxElementsPerTensor)) {
    return absl::InvalidArgumentError(absl::StrCat("model: a tensor of ", sizes.widest * micro_batch,
                                                   " elements a micro-batch must be at most ", kMaxElementsPerTensor));
  }
  return absl::OkStatus();
}

// Tokens of a sequence. ResolveData refuses a data.context that is not from 1 to `longest`.
int64_t SequenceOf(const proto::Job& job, int64_t longest) {
  const int64_t context = job.data().context();
  return job.data().has_context() && context >= 1 ? std::min(context, longest) : longest;
}

// Resolves the fields that all kinds share.
absl::Status ResolveShared(proto::Model& model) {
  if (!model.has_freeze()) model.set_freeze("");
  if (!model.has_z_loss()) model.set_z_loss(0);
  if (model.freeze().size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.freeze: ", model.freeze().size(), " characters must be at most 4096"));
  }
  return CheckReal("model.z_loss", model.z_loss(), 0, 1);
}

absl::Status ResolveDropout(const proto::Job& job, proto::Model& model) {
  if (model.has_gpt2() || model.has_llama() || model.has_bert() || model.has_vit()) {
    if (!model.has_dropout()) model.set_dropout(0);
    if (!model.has_attention_dropout()) model.set_attention_dropout(0);
    if (!model.has_embedding_dropout()) model.set_embedding_dropout(model.dropout());
    BATON_RETURN_IF_ERROR(CheckFraction("model.dropout", model.dropout()));
    BATON_RETURN_IF_ERROR(CheckFraction("model.attention_dropout", model.attention_dropout()));
    return CheckFraction("model.embedding_dropout", model.embedding_dropout());
  }
  const char* const field = model.has_dropout()             ? "dropout"
                            : model.has_attention_dropout() ? "attention_dropout"
                            : model.has_embedding_dropout() ? "embedding_dropout"
                                                            : nullptr;
  if (field == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.", field, ": goes with gpt2, llama, bert and vit, not with ", ModelKindOf(job)));
}

}  // namespace

absl::Status ResolveModel(const proto::Job& job, proto::Model& model) {
  if (model.layer_size() > 0 && model.kind_case() != proto::Model::KIND_NOT_SET) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: layer cannot stand beside another kind, ", ModelKindOf(job)));
  }
  if (model.has_inputs() && model.kind_case() != proto::Model::KIND_NOT_SET) {
    return absl::InvalidArgumentError(absl::StrCat("model.inputs: ", model.inputs(),
                                                   " goes with a list of layers, not with model.", ModelKindOf(job)));
  }
  if (model.has_image() && model.kind_case() != proto::Model::KIND_NOT_SET) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.image: goes with a list of layers, not with model.", ModelKindOf(job)));
  }
  BATON_RETURN_IF_ERROR(ResolveShared(model));
  BATON_RETURN_IF_ERROR(ResolveDropout(job, model));
  ModelSizes sizes;
  switch (model.kind_case()) {
    case proto::Model::kGpt2:
      BATON_RETURN_IF_ERROR(ResolveGpt2(SequenceOf(job, model.gpt2().context()), *model.mutable_gpt2(), sizes));
      break;
    case proto::Model::kLlama:
      BATON_RETURN_IF_ERROR(ResolveLlama(SequenceOf(job, model.llama().context()), *model.mutable_llama(), sizes));
      break;
    case proto::Model::kMlp:
      BATON_RETURN_IF_ERROR(ResolveMlp(*model.mutable_mlp(), sizes));
      break;
    case proto::Model::kBert:
      BATON_RETURN_IF_ERROR(ResolveBert(SequenceOf(job, model.bert().context()), *model.mutable_bert(), sizes));
      break;
    case proto::Model::kVit:
      BATON_RETURN_IF_ERROR(ResolveVit(*model.mutable_vit(), sizes));
      break;
    case proto::Model::kResnet:
      BATON_RETURN_IF_ERROR(ResolveResnet(*model.mutable_resnet(), sizes));
      break;
    case proto::Model::KIND_NOT_SET:
      if (model.layer_size() == 0) {
        return Missing(
            "model",
            "gpt2 { … }, llama { … }, bert { … }, vit { … }, resnet { … }, mlp { … } or a list of layer { … }");
      }
      BATON_RETURN_IF_ERROR(ResolveLayerList(SequenceOf(job, model.layer(0).embedding().context()), model, sizes));
      break;
  }
  return CheckSizes(sizes, job.batch().sequences() / job.batch().micro_batches());
}

}  // namespace baton
