// Weights in Hugging Face's files as the parameters of a model. Used by runtime/train for run.initial_weights.
//
//   BATON_ASSIGN_OR_RETURN(const auto weights, HuggingFaceWeights::Open("gpt2", job.model()));
//   BATON_RETURN_IF_ERROR(weights->Read("h.0.attn.c_attn.weight", shape, values));
#ifndef BATON_RUNTIME_HUGGING_FACE_WEIGHTS_IN_H_
#define BATON_RUNTIME_HUGGING_FACE_WEIGHTS_IN_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/tensor/shape.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/hugging_face/tensor_table.h"

namespace baton {

// True if `folder` has weights as save_pretrained writes them, or the config.json of such a folder.
bool IsHuggingFaceFolder(const std::string& folder);

// Thread contract: one thread at a time. Owns the open files.
class HuggingFaceWeights {
 public:
  // `path`: one safetensors file; or a folder with model.safetensors, or with model.safetensors.index.json and the
  // files that it names. `model`: resolved, of a kind with a table of tensors. Checks names, types and shapes of all
  // tensors, and reads no values. Errors: InvalidArgument that names the file, the tensor as it is called there, and
  // what is expected.
  static absl::StatusOr<std::unique_ptr<HuggingFaceWeights>> Open(const std::string& path, const proto::Model& model);

  // Reads a parameter by Baton's name into `values`, which are f32 of shape `shape`. Needs memory for at most one
  // tensor besides. Errors: those of the system; InvalidArgument if a tied tensor is stored twice with two values.
  absl::Status Read(const std::string& parameter, const Shape& shape, std::byte* values) const;

 private:
  struct Stored {
    const SafetensorsFile* file = nullptr;
    const StoredTensor* tensor = nullptr;
  };

  explicit HuggingFaceWeights(std::string path) : path_(std::move(path)) {}
  absl::Status OpenFiles();
  absl::Status OpenShards(const std::string& index);
  absl::Status OpenFile(const std::string& path);
  absl::Status Match(TensorTable table);
  absl::Status CheckTensor(const NamedTensor& tensor, const std::string& stored_name) const;
  absl::Status CheckAlias(const std::string& name, const float* values, int64_t count) const;
  absl::Status Wrong(const std::string& tensor, absl::string_view what) const;

  const std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string, Stored> stored_;                     // by name in the file
  std::map<std::string, std::vector<NamedTensor>> tensors_;  // by parameter; the names are those in the file
  std::map<std::string, std::string> aliases_;               // name in the file → alias in the file
};

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_WEIGHTS_IN_H_
