// Parameters from a file: run.initial_weights. Used by training sessions.
//
//   BATON_ASSIGN_OR_RETURN(const auto source, OpenStoredWeights("runs/gpt/weights.safetensors", job.model()));
//   BATON_RETURN_IF_ERROR(state.Fill(*source));
//   BATON_RETURN_IF_ERROR(source->CheckAllRead());
#ifndef BATON_RUNTIME_TRAIN_STORED_WEIGHTS_H_
#define BATON_RUNTIME_TRAIN_STORED_WEIGHTS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/layers/parameter_source.h"
#include "proto/job.pb.h"

namespace baton {

// Errors of all functions begin with "run.initial_weights: ".
class StoredWeights : public ParameterSource {
 public:
  // InvalidArgument that names a parameter in the file that was not read, since it belongs to another model.
  virtual absl::Status CheckAllRead() const = 0;
};

// `path`: a safetensors file, or a folder of Hugging Face, with the names and shapes of runtime/hugging_face for the
// kinds of models that it has, and Baton's for others; or the folder of a checkpoint, whose hashes are checked and
// whose names and shapes are Baton's. `model`: resolved. Errors: those of SafetensorsFile::Open,
// HuggingFaceWeights::Open and Checkpoint::Open.
absl::StatusOr<std::unique_ptr<StoredWeights>> OpenStoredWeights(const std::string& path, const proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_STORED_WEIGHTS_H_
