// config.json as a model, and a model as config.json. Used by runtime/job when a job names a folder of Hugging Face,
// and by runtime/train when it writes one.
#ifndef BATON_RUNTIME_HUGGING_FACE_CONFIG_H_
#define BATON_RUNTIME_HUGGING_FACE_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace baton {

// The model that FOLDER/config.json describes; its kind and dropout are set. Errors:
// InvalidArgument that names the file, the field, its value and what is allowed.
absl::StatusOr<proto::Model> ReadHuggingFaceConfig(const std::string& folder);

// The same for the contents of a file; `name` is for messages.
absl::StatusOr<proto::Model> ParseHuggingFaceConfig(absl::string_view text, const std::string& name);

// The config.json of a resolved model. Versions 4 and 5 of transformers read it. Errors: Unimplemented, with the
// reason, if no class of transformers computes the model.
absl::StatusOr<std::string> WriteHuggingFaceConfig(const proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_CONFIG_H_
