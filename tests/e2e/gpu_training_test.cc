// Training on a real GPU: the same bits for every schedule, number of stages and split, as a graph and without; close
// to what the host trains. Skipped without a GPU.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "tests/e2e/cuda_model_jobs.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

Outcome RunJob(const proto::Job& job, bool graphs) {
  const auto run = TrainingSession::Create(job, WithGraphs(graphs)).value();
  Outcome outcome;
  for (int64_t step = 0; step < job.run().steps(); ++step) {
    const StepResult result = run->Step(step, /*wants_trace=*/step == 2).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
  const std::vector<TensorToWrite> weights = run->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
  return outcome;
}

Outcome RunWith(const std::vector<std::string>& overrides, bool graphs) {
  std::vector<std::string> all = {"devices.backend=CUDA"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return RunJob(MakeJob(kSmallGpt, all), graphs);
}

TEST_CASE("GPU: every schedule and number of stages trains to the same bits") {
  const std::string precision = GENERATE("FLOAT32", "TF32", "BF16");
  const std::string of_devices = absl::StrCat("devices.precision=", precision);
  const Outcome unsplit = RunWith({of_devices, "pipeline.stages=1", "pipeline.schedule=naive"}, /*graphs=*/false);
  REQUIRE(unsplit.losses.front() > unsplit.losses.back());
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.has_replicas) continue;
    for (int stages : {1, 4}) {
      if (stages * schedule.default_chunks > 8) continue;
      CAPTURE(precision, schedule.name, stages);
      CHECK(RunWith({of_devices, absl::StrCat("pipeline.schedule=", std::string(schedule.name)),
                     absl::StrCat("pipeline.stages=", stages)},
                    /*graphs=*/true) == unsplit);
    }
  }
  CHECK(RunWith({of_devices, "pipeline.stages=2", "pipeline.split.layers=[3, 5]"}, /*graphs=*/false) == unsplit);
}

TEST_CASE("GPU: a large batch trains to the same bits twice") {
  const std::vector<std::string> large = {"model.gpt2={layers: 2 width: 128 heads: 2 context: 256 vocabulary: 512}",
                                          "batch={sequences: 128 micro_batches: 2}", "devices.precision=BF16"};
  const Outcome once = RunWith(large, true);
  for (int again = 0; again < 3; ++again) CHECK(RunWith(large, true) == once);
}

TEST_CASE("GPU: the loss follows the host's") {
  const std::vector<std::string> job = {"run.steps=30", "pipeline.stages=2"};
  const Outcome host = RunToTheEnd(MakeJob(kSmallGpt, job));
  const Outcome gpu = RunWith(job, true);
  for (size_t step = 0; step < host.losses.size(); ++step) {
    CAPTURE(step);
    CHECK(gpu.losses[step] == Approx(host.losses[step]).epsilon(1e-3));
  }
  const Outcome rounded = RunWith({"run.steps=30", "pipeline.stages=2", "devices.precision=BF16"}, true);
  CHECK(rounded.losses.back() == Approx(host.losses.back()).epsilon(0.02));
}

TEST_CASE("GPU: Llama, BERT and ViT train as on the host, to the same bits for every split") {
  for (const char* model : kCudaModels) {
    CAPTURE(model);
    const Outcome gpu = RunJob(MakeJob(model, {}), /*graphs=*/false);
    const Outcome host = RunToTheEnd(MakeJob(model, {"devices.backend=HOST"}));
    for (size_t step = 0; step < host.losses.size(); ++step) {
      CAPTURE(step);
      CHECK(gpu.losses[step] == Approx(host.losses[step]).epsilon(1e-3));
    }
    for (const char* recompute : {"NONE", "FULL"}) {
      const std::string field = absl::StrCat("pipeline.recompute=", recompute);
      CHECK(RunJob(MakeJob(model, {"pipeline.stages=2", field}), /*graphs=*/true) == gpu);
    }
  }
}

TEST_CASE("GPU: Llama and BERT train in bf16 close to f32") {
  for (const char* model : {kCudaLlama, kCudaBert}) {
    CAPTURE(model);
    const Outcome rounded = RunJob(MakeJob(model, {"devices.precision=BF16"}), /*graphs=*/true);
    CHECK(RunJob(MakeJob(model, {"devices.precision=BF16", "pipeline.stages=2"}), /*graphs=*/true) == rounded);
    CHECK(rounded.losses.back() == Approx(RunJob(MakeJob(model, {}), /*graphs=*/true).losses.back()).epsilon(0.02));
  }
}

TEST_CASE("GPU: the planned peak is the peak of the arena") {
  const auto run = TrainingSession::Create(MakeJob(kSmallGpt, {"devices.backend=CUDA", "pipeline.stages=4"})).value();
  REQUIRE(run->Step(0).ok());
  for (int device = 0; device < 4; ++device) {
    CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
  }
}

}  // namespace
}  // namespace baton
