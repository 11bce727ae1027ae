// Llama, BERT and ViT on the stand-in for the CUDA runtime: losses and gradients as on the host, dropout included; the
// same bits for every number of stages, with a graph and without, and with recomputation; the planned memory.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/cuda_job.h"
#include "tests/e2e/cuda_model_jobs.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("CUDA: Llama, BERT and ViT train as on the host") {
  for (const char* model : kCudaModels) {
    CAPTURE(model);
    Outcome cuda;
    {
      const FakeGpus gpus(1, 11);
      cuda = Run(MakeJob(model, {}), /*graphs=*/true);
    }
    const Outcome host = RunToTheEnd(MakeJob(model, {"devices.backend=HOST"}));
    REQUIRE(host.losses.size() == cuda.losses.size());
    for (size_t step = 0; step < host.losses.size(); ++step) {
      CAPTURE(step);
      CHECK(cuda.losses[step] == Approx(host.losses[step]).epsilon(1e-4));
      CHECK(cuda.gradient_norms[step] == Approx(host.gradient_norms[step]).epsilon(1e-3));
    }
  }
}

TEST_CASE("CUDA: Llama, BERT and ViT evaluate as on the host") {
  for (const char* model : kCudaModels) {
    CAPTURE(model);
    double cuda = 0;
    {
      const FakeGpus gpus(1, 12);
      cuda = TrainingSession::Create(MakeJob(model, {})).value()->Evaluate().value();
    }
    const double host = TrainingSession::Create(MakeJob(model, {"devices.backend=HOST"})).value()->Evaluate().value();
    CHECK(cuda == Approx(host).epsilon(1e-4));
  }
}

TEST_CASE("CUDA: Llama, BERT and ViT train to the same bits for every split, graph and recomputation") {
  for (const char* model : kCudaModels) {
    CAPTURE(model);
    Outcome unsplit;
    {
      const FakeGpus gpus(1, 13);
      unsplit = Run(MakeJob(model, {"run.steps=2"}), /*graphs=*/false);
    }
    for (const char* recompute : {"NONE", "ATTENTION", "FULL"}) {
      CAPTURE(recompute);
      const FakeGpus gpus(2, 14);
      const std::string field = absl::StrCat("pipeline.recompute=", recompute);
      CHECK(Run(MakeJob(model, {"run.steps=2", "pipeline.stages=2", field}), /*graphs=*/true) == unsplit);
    }
  }
}

TEST_CASE("CUDA: in bf16 models train close to f32, to the same bits for every number of stages") {
  constexpr char kMlp[] = R"(
    model { mlp { sizes: 12 sizes: 20 sizes: 20 sizes: 5 } }
    data { clusters { examples: 48 } held_out: 0.25 }
    batch { sequences: 6 micro_batches: 3 }
    optimizer { adamw { learning_rate: 1e-2 } }
    run { steps: 3 }
    devices { backend: CUDA })";
  for (const char* model : {kCudaLlama, kCudaBert, kCudaVit, kMlp}) {
    CAPTURE(model);
    Outcome outcomes[2];
    for (int stages : {1, 2}) {
      const FakeGpus gpus(stages, 15);
      const std::string of_stages = absl::StrCat("pipeline.stages=", stages);
      outcomes[stages - 1] = Run(MakeJob(model, {"devices.precision=BF16", of_stages}), stages == 1);
    }
    CHECK(outcomes[0] == outcomes[1]);
    const FakeGpus gpus(1, 16);
    const Outcome f32 = Run(MakeJob(model, {}), /*graphs=*/true);
    CHECK_FALSE(outcomes[0] == f32);
    for (size_t step = 0; step < f32.losses.size(); ++step) {
      CHECK(outcomes[0].losses[step] == Approx(f32.losses[step]).epsilon(0.02));
    }
  }
}

TEST_CASE("CUDA: the peak of Llama, BERT and ViT is the planned one") {
  for (const char* model : kCudaModels) {
    for (const char* recompute : {"NONE", "FULL"}) {
      CAPTURE(model, recompute);
      const FakeGpus gpus(2, 17);
      const proto::Job job = MakeJob(model, {"pipeline.stages=2", absl::StrCat("pipeline.recompute=", recompute)});
      const auto run = TrainingSession::Create(job).value();
      REQUIRE(run->Step(0).ok());
      for (int device = 0; device < 2; ++device) {
        CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
      }
    }
  }
}

}  // namespace
}  // namespace baton
