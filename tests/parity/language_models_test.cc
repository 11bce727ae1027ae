// Language models as PyTorch and transformers compute them, from their folder to the trained weights: the loss, the
// gradient of every parameter, 20 steps of AdamW in two splits, and the same bits written and read again.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/hugging_face/config.h"
#include "runtime/hugging_face/weights_in.h"
#include "runtime/hugging_face/weights_out.h"
#include "tests/parity/fixture.h"
#include "tests/parity/language_jobs.h"

namespace baton {
namespace {

struct Split {
  int stages;
  const char* schedule;

  std::vector<std::string> Changes() const {
    return {absl::StrCat("pipeline.stages=", stages), absl::StrCat("pipeline.schedule=", schedule)};
  }
};

// The gradients after one step of `session`, by Hugging Face's names: the first moments are a tenth of them.
std::vector<TensorToWrite> FirstMoments(const proto::Job& job, TrainingSession& session, StateSnapshot& snapshot) {
  session.state().Prepare(snapshot);
  REQUIRE(session.state().CopyTo(snapshot).ok());
  std::vector<TensorToWrite> moments;
  for (const FileToWrite& file : snapshot.files) {
    for (TensorToWrite tensor : file.tensors) {
      absl::string_view name = tensor.name;
      if (!absl::ConsumeSuffix(&name, "/first_moment")) continue;
      tensor.name = std::string(name);
      moments.push_back(tensor);
    }
  }
  return ToHuggingFace(job.model(), moments).value();
}

const float* Floats(const TensorToWrite& tensor) { return reinterpret_cast<const float*>(tensor.data); }

TEST_CASE("losses and gradients of the fixed batch are PyTorch's") {
  const std::string name = GENERATE(from_range(kNames));
  const Split split = GENERATE(Split{1, "1f1b"}, Split{2, "zb-h1"});
  CAPTURE(name, split.stages);
  const nlohmann::json expected = ExpectedOf("causal/" + name);
  std::vector<std::string> changes = split.Changes();
  changes.push_back("optimizer.clip_norm=0");
  const proto::Job job =
      JobOf(kModels + name, kModels + name + "/batch.bin", expected["batch"]["context"].get<int>(), changes);
  const auto session = TrainingSession::Create(job).value();
  const StepResult result = session->Step(0).value();
  CHECK(result.loss == Approx(expected["loss"].get<double>()).epsilon(1e-5));
  const double global = expected["grad_norm_global"];
  CHECK(result.gradient_norm == Approx(global).epsilon(1e-4));
  StateSnapshot snapshot;
  const std::vector<TensorToWrite> gradients = FirstMoments(job, *session, snapshot);
  CHECK(gradients.size() == expected["grad_norms"].size());
  for (const TensorToWrite& gradient : gradients) {
    CAPTURE(gradient.name);
    double sum = 0;
    for (int64_t i = 0; i < gradient.shape.NumElements(); ++i) sum += 100.0 * Floats(gradient)[i] * Floats(gradient)[i];
    CHECK(std::sqrt(sum) ==
          Approx(expected["grad_norms"][gradient.name].get<double>()).epsilon(1e-4).margin(1e-6 * global));
    const int64_t stride = gradient.transposed ? gradient.shape[0] : 1;
    for (int i = 0; i < 4; ++i) {
      CHECK(
          10 * Floats(gradient)[i * stride] ==
          Approx(expected["grad_first4_float64"][gradient.name][i].get<double>()).epsilon(1e-3).margin(1e-6 * global));
    }
  }
}

TEST_CASE("20 steps of training are PyTorch's") {
  const std::string name = GENERATE(from_range(kNames));
  const Split split = GENERATE(Split{1, "1f1b"}, Split{2, "zb-h1"});
  CAPTURE(name, split.stages);
  const nlohmann::json train = ExpectedOf("causal/" + name)["train"];
  const Outcome outcome =
      RunToTheEnd(JobOf(kModels + name, "tests/data/tokens/tokens.bin", train["context"].get<int>(), split.Changes()));
  REQUIRE(outcome.losses.size() == train["loss"].size());
  for (size_t step = 0; step < outcome.losses.size(); ++step) {
    CAPTURE(step);
    CHECK(outcome.losses[step] == Approx(train["loss"][step].get<double>()).epsilon(1e-4));
    CHECK(outcome.gradient_norms[step] == Approx(train["grad_norm"][step].get<double>()).epsilon(1e-4));
  }
}

TEST_CASE("a model that is read and written has the same bits and the same configuration") {
  const std::string name = GENERATE(from_range(kNames));
  CAPTURE(name);
  const proto::Job job = JobOf(kModels + name, "tests/data/tokens/tokens.bin", 48, {"pipeline.stages=2"});
  const auto session = TrainingSession::Create(job).value();
  const std::vector<TensorToWrite> weights = session->Weights().value();
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name);
  REQUIRE(WriteHuggingFaceFolder(folder, job.model(), weights, "").value());
  // Again, over the one that is there.
  REQUIRE(WriteHuggingFaceFolder(folder, job.model(), weights, "").value());
  const auto written = HuggingFaceWeights::Open(folder, job.model()).value();
  for (const TensorToWrite& weight : weights) {
    CAPTURE(weight.name);
    std::vector<std::byte> values(weight.shape.NumBytes());
    REQUIRE(written->Read(weight.name, weight.shape, values.data()).ok());
    CHECK(std::memcmp(values.data(), weight.data, values.size()) == 0);
  }
  const proto::Job again = JobOf(folder, "tests/data/tokens/tokens.bin", 48, {});
  CHECK(again.model().DebugString() == job.model().DebugString());
  // The tensors of one file have the original's names, shapes and bytes.
  if (name == "llama_sharded" || name == "gpt2_hub") return;
  const auto file = SafetensorsFile::Open(folder + "/model.safetensors").value();
  const auto original = SafetensorsFile::Open(kModels + name + "/model.safetensors").value();
  REQUIRE(file->tensors().size() == original->tensors().size());
  for (size_t i = 0; i < file->tensors().size(); ++i) {
    const StoredTensor& a = file->tensors()[i];
    const StoredTensor& b = original->tensors()[i];
    CAPTURE(a.name);
    REQUIRE(a.name == b.name);
    REQUIRE(a.extents == b.extents);
    // Bytes differ where the original stores 16 bits a value: what is written has 32.
    int64_t values = 1;
    for (const int64_t extent : a.extents) values *= extent;
    std::vector<float> of_a(values), of_b(values);
    REQUIRE(file->ReadFloats(a, of_a.data()).ok());
    REQUIRE(original->ReadFloats(b, of_b.data()).ok());
    CHECK((of_a == of_b));
  }
}

TEST_CASE("versions 4 and 5 of transformers describe one model") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/v4");
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(kModels + "llama3/config_v4.json", folder + "/config.json",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(ReadHuggingFaceConfig(folder)->DebugString() == ReadHuggingFaceConfig(kModels + "llama3")->DebugString());
}

}  // namespace
}  // namespace baton
