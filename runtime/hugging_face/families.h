// The families of models that Hugging Face has, one .cc file each: how a config.json becomes a model, how a model
// becomes a config.json, and which tensors it has. families.cc has the table. Used by the files of this folder.
#ifndef BATON_RUNTIME_HUGGING_FACE_FAMILIES_H_
#define BATON_RUNTIME_HUGGING_FACE_FAMILIES_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/job.pb.h"
#include "runtime/hugging_face/config_fields.h"
#include "runtime/hugging_face/tensor_table.h"

namespace baton {

// A class of transformers.
struct PretrainedClass {
  const char* model_type;    // as in config.json
  const char* architecture;  // the class
  // Sets the model's kind. Errors: InvalidArgument that names file and field.
  absl::Status (*read)(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
};

// The other direction, by the kind of a resolved model.
struct ModelFamily {
  proto::Model::KindCase kind;
  // Errors: Unimplemented, with the reason, for a model that no class of transformers computes.
  absl::StatusOr<nlohmann::json> (*write)(const proto::Model& model);
  TensorTable (*tensors)(const proto::Model& model);
};

absl::Span<const PretrainedClass> PretrainedClasses();
// Null for a kind without a family.
const ModelFamily* FamilyOf(const proto::Model& model);

// gpt2.cc
absl::Status ReadGpt2Config(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
absl::StatusOr<nlohmann::json> WriteGpt2Config(const proto::Model& model);
TensorTable Gpt2Tensors(const proto::Model& model);

// llama.cc: Llama, Mistral, Qwen 2 and Qwen 3.
absl::Status ReadLlamaConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
absl::StatusOr<nlohmann::json> WriteLlamaConfig(const proto::Model& model);
TensorTable LlamaTensors(const proto::Model& model);

// bert.cc
absl::Status ReadBertConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
absl::StatusOr<nlohmann::json> WriteBertConfig(const proto::Model& model);
TensorTable BertTensors(const proto::Model& model);

// vit.cc
absl::Status ReadVitConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
absl::StatusOr<nlohmann::json> WriteVitConfig(const proto::Model& model);
TensorTable VitTensors(const proto::Model& model);

// resnet.cc. The file has no size of images: the model's is 224 × 224 unless the job says another one.
absl::Status ReadResnetConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model);
absl::StatusOr<nlohmann::json> WriteResnetConfig(const proto::Model& model);
TensorTable ResnetTensors(const proto::Model& model);

// Limits of single numbers; runtime/job checks them again, with the job's names.
inline constexpr int64_t kMostConfigLayers = 4096;
inline constexpr int64_t kMostConfigWidth = 65536;
inline constexpr int64_t kMostConfigHeads = 1024;
inline constexpr int64_t kMostConfigInner = int64_t{1} << 20;
inline constexpr int64_t kMostConfigVocabulary = int64_t{1} << 24;
inline constexpr int64_t kMostConfigContext = int64_t{1} << 20;

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_FAMILIES_H_
