// Hugging Face's forms of BERT, ViT and ResNet: config.json in and out, weights in and out bit for bit, and what is
// refused.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "ops/layers/build.h"
#include "ops/reference/reference_backend.h"
#include "runtime/hugging_face/config.h"
#include "runtime/hugging_face/weights_in.h"
#include "runtime/hugging_face/weights_out.h"
#include "runtime/job/job_file.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/job_model.h"

namespace baton {
namespace {

constexpr char kFolder[] = "tests/data/models/";

proto::Job JobOf(const std::string& folder) {
  const bool tokens = folder == "bert";
  const bool resnet = folder != "bert" && folder != "vit";
  return ResolveJob(ParseJob(absl::StrCat("model { hugging_face: \"", kFolder, folder, "\" ",
                                          resnet ? "image { height: 32 }" : "", " } data { ",
                                          tokens ? "tokens: \"none\" masking { mask_token: 4 }" : "clusters {}",
                                          " } batch { sequences: 2 } run { steps: 1 }"),
                             "test")
                        .value())
      .value();
}

}  // namespace

TEST_CASE("a config.json that Baton writes describes the model that it read") {
  for (const char* folder : {"bert", "vit", "resnet", "resnet_bottleneck", "resnet_gelu"}) {
    CAPTURE(folder);
    proto::Job job = JobOf(folder);
    const std::string text = WriteHuggingFaceConfig(job.model()).value();
    proto::Job again = job;
    proto::Model read = ParseHuggingFaceConfig(text, "config.json").value();
    if (read.has_resnet()) *read.mutable_resnet()->mutable_image() = job.model().resnet().image();
    *again.mutable_model() = read;
    CHECK(ResolveJob(again).value().model().SerializeAsString() == job.model().SerializeAsString());
  }
}

TEST_CASE("weights are written as they were read, bit for bit") {
  const ReferenceBackend backend;
  for (const char* folder : {"bert", "vit", "resnet", "resnet_bottleneck", "resnet_gelu"}) {
    CAPTURE(folder);
    const proto::Job job = JobOf(folder);
    const ModelSpec model = ModelOfJob(job).value();
    const auto in = HuggingFaceWeights::Open(absl::StrCat(kFolder, folder), job.model()).value();
    std::map<std::string, std::vector<std::byte>> memory;
    std::vector<TensorToWrite> weights;
    const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
    for (const auto& layer : layers) {
      for (const ParameterSpec& parameter : layer->parameters()) {
        if (memory.count(parameter.name) > 0) continue;
        std::vector<std::byte>& values = memory[parameter.name];
        values.resize(parameter.shape.NumBytes());
        const absl::Status status = in->Read(parameter.name, parameter.shape, values.data());
        INFO(status);
        REQUIRE(status.ok());
        weights.push_back({parameter.name, parameter.shape, values.data()});
      }
    }
    const auto file = SafetensorsFile::Open(absl::StrCat(kFolder, folder, "/model.safetensors")).value();
    std::map<std::string, const TensorToWrite*> written;
    const std::vector<TensorToWrite> tensors = ToHuggingFace(job.model(), weights).value();
    for (const TensorToWrite& tensor : tensors) written[tensor.name] = &tensor;
    for (const StoredTensor& stored : file->tensors()) {
      if (stored.dtype != "F32") continue;  // the counters of batches
      CAPTURE(stored.name);
      REQUIRE(written.count(stored.name) == 1);
      const TensorToWrite& tensor = *written[stored.name];
      CHECK(tensor.shape.extents() == stored.extents);
      std::vector<std::byte> values(tensor.shape.NumBytes());
      REQUIRE(file->Read(stored.name, tensor.shape, values.data()).ok());
      CHECK(std::memcmp(values.data(), tensor.data, values.size()) == 0);
      written.erase(stored.name);
    }
    CHECK(written.empty());
  }
}

TEST_CASE("configurations that Baton does not compute are refused by the field's name") {
  const std::string bert =
      R"({"model_type": "bert", "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2,
          "intermediate_size": 8, "max_position_embeddings": 8, "vocab_size": 9)";
  const std::string resnet =
      R"({"model_type": "resnet", "embedding_size": 8, "num_channels": 3, "hidden_sizes": [8, 16])";
  const std::string vit =
      R"({"model_type": "vit", "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2,
          "intermediate_size": 8, "num_channels": 3, "patch_size": 4)";
  const struct {
    std::string text;
    const char* message;
  } cases[] = {
      {bert + R"(, "is_decoder": true})", "is_decoder"},
      {bert + R"(, "tie_word_embeddings": false})", "tie_word_embeddings"},
      {bert + R"(, "position_embedding_type": "relative_key"})", "position_embedding_type"},
      {bert + R"(, "hidden_act": "mish"})", "hidden_act"},
      {bert + R"(, "type_vocab_size": 0})", "type_vocab_size"},
      {resnet + R"(, "layer_type": "wide", "depths": [1, 1]})", "layer_type"},
      {resnet + R"(, "layer_type": "basic", "depths": [1]})", "depths"},
      {resnet + R"(, "layer_type": "basic", "depths": [1, 1], "id2label": {"0": "a"}})", "id2label"},
      {bert + R"(, "layer_norm_eps": 1.5})", "layer_norm_eps: 1.5 must be above 0 and at most 1"},
      {vit + R"(, "image_size": 8, "layer_norm_eps": 1e30})", "layer_norm_eps: 1e+30 must be above 0 and at most 1"},
      {vit + R"(, "image_size": 10})", "patch_size"},
      {vit + R"(, "image_size": [8, 8, 8]})", "image_size"},
      {vit + R"(, "image_size": [8, "8"]})", "image_size"},
      {vit + R"(})", "image_size"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text);
    const absl::Status status = ParseHuggingFaceConfig(each.text, "config.json").status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(status.message()), Catch::Contains(std::string("config.json: ") + each.message));
  }
}

}  // namespace baton
