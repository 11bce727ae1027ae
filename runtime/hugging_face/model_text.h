// Reads the JSON files of a folder of Hugging Face. Used by the files of this folder.
#ifndef BATON_RUNTIME_HUGGING_FACE_MODEL_TEXT_H_
#define BATON_RUNTIME_HUGGING_FACE_MODEL_TEXT_H_

#include <string>

#include "absl/status/statusor.h"

namespace baton {

// The contents of a regular file of at most 64 MiB. Errors: InvalidArgument with the path.
absl::StatusOr<std::string> ReadModelText(const std::string& path);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_MODEL_TEXT_H_
