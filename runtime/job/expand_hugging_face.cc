// Checks the fields beside model.hugging_face before it reads the file.
#include "runtime/job/expand_hugging_face.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/config.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"

namespace baton {

absl::Status ExpandHuggingFace(proto::Job& job) {
  proto::Model& model = *job.mutable_model();
  if (!model.has_hugging_face()) {
    if (!model.has_weights()) return absl::OkStatus();
    return absl::InvalidArgumentError("model.weights: goes with model.hugging_face");
  }
  std::string folder = model.hugging_face();
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  if (folder.empty()) return Missing("model.hugging_face", "a folder with config.json");
  if (folder.size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.hugging_face: ", folder.size(), " characters must be at most 4096"));
  }
  if (model.kind_case() != proto::Model::KIND_NOT_SET || model.layer_size() > 0) {
    return absl::InvalidArgumentError(absl::StrCat("model.hugging_face: cannot stand beside model.", ModelKindOf(job)));
  }
  if (model.has_inputs()) {
    return absl::InvalidArgumentError("model.inputs: goes with a list of layers, not with model.hugging_face");
  }
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Model::Weights>("model.weights", model.weights()));
  if (model.weights() == proto::Model::STORED) {
    if (!job.run().initial_weights().empty()) {
      return absl::InvalidArgumentError(
          "run.initial_weights: model.hugging_face has weights already; model.weights: RANDOM leaves them out");
    }
    job.mutable_run()->set_initial_weights(folder);
  }
  absl::StatusOr<proto::Model> kind = ReadHuggingFaceConfig(folder);
  if (!kind.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("model.hugging_face: ", kind.status().message()));
  }
  if (model.has_image()) {
    if (!kind->has_resnet()) {
      return absl::InvalidArgumentError(
          "model.image: beside model.hugging_face it is for resnet, whose config.json has no size of images");
    }
    proto::Image& image = *model.mutable_image();
    if (!image.has_channels()) image.set_channels(kind->resnet().image().channels());
    if (image.channels() != kind->resnet().image().channels()) {
      return absl::InvalidArgumentError(absl::StrCat("model.image.channels: ", image.channels(), " must be ",
                                                     kind->resnet().image().channels(), ", the num_channels of ",
                                                     folder, "/config.json"));
    }
    *kind->mutable_resnet()->mutable_image() = image;
    model.clear_image();
  }
  // The job's own numbers go before the file's.
  if (model.has_dropout()) {
    kind->clear_dropout();
    if (!model.has_embedding_dropout()) kind->clear_embedding_dropout();
  }
  if (model.has_attention_dropout()) kind->clear_attention_dropout();
  if (model.has_embedding_dropout()) kind->clear_embedding_dropout();
  model.clear_hugging_face();
  model.clear_weights();
  model.MergeFrom(*kind);
  return absl::OkStatus();
}

}  // namespace baton
