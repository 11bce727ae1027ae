// The parameters of a model as Hugging Face's tensors. Used by runtime/train for what a run writes.
#ifndef BATON_RUNTIME_HUGGING_FACE_WEIGHTS_OUT_H_
#define BATON_RUNTIME_HUGGING_FACE_WEIGHTS_OUT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {

// `weights`: every parameter of `model` with Baton's name and shape, f32. The tensors of the result have the names and
// shapes that save_pretrained writes and point to the same values. A model without a table of tensors keeps Baton's.
// Errors: Internal if a parameter is missing or has another size than the table.
absl::StatusOr<std::vector<TensorToWrite>> ToHuggingFace(const proto::Model& model, std::vector<TensorToWrite> weights);

// Writes FOLDER/config.json and FOLDER/model.safetensors, and copies the files of a tokenizer: those of the folder
// `tokenizer`, or the tokenizer.json that it names; empty: none. FOLDER is written beside itself and renamed once it is
// whole; an earlier one is replaced. Returns false, and writes nothing, for a model that transformers has no class for.
// Errors: those of the system, with the path.
absl::StatusOr<bool> WriteHuggingFaceFolder(const std::string& folder, const proto::Model& model,
                                            std::vector<TensorToWrite> weights, const std::string& tokenizer);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_WEIGHTS_OUT_H_
