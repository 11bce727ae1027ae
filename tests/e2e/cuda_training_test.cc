// Whole CUDA jobs on the stand-in for the CUDA runtime: the same bits for every schedule, number of stages and GPUs,
// with and without graphs, in every order of the GPUs' work; and close to the host's results.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "tests/e2e/cuda_job.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("CUDA: every schedule trains to the same bits with a graph and without, on one GPU and on two") {
  REQUIRE(Unsplit().losses.front() > Unsplit().losses.back());
  uint64_t seed = 1;
  // One of each kind: one chunk per device and several, backward pass whole and split, both placements.
  for (const char* name : {"1f1b", "interleaved", "zb-h1", "zb-v"}) {
    const ScheduleInfo& schedule = *FindSchedule(name).value();
    const int stages = 4 / schedule.default_chunks;
    const proto::Job job = MakeJob(kTinyGpt, {absl::StrCat("pipeline.schedule=", std::string(schedule.name)),
                                              absl::StrCat("pipeline.stages=", stages)});
    const bool graphs = seed % 3 != 0;
    CAPTURE(schedule.name, stages, seed, graphs);
    const FakeGpus gpus(1 + static_cast<int>(seed % 2), seed);
    CHECK(Run(job, graphs, /*traces=*/seed % 4 != 0) == Unsplit());
    ++seed;
  }
}

TEST_CASE("CUDA: stages and splits train to the same bits") {
  for (const char* split : {"[1, 3]", "[3, 1]"}) {
    const FakeGpus gpus(2, 77);
    CHECK(Run(MakeJob(kTinyGpt, {"pipeline.stages=2", absl::StrCat("pipeline.split.layers=", split)}), true) ==
          Unsplit());
  }
}

TEST_CASE("CUDA: recomputation gives the same bits, with a graph and without") {
  for (const char* mode : {"ATTENTION", "FULL"}) {
    CAPTURE(mode);
    const std::string recompute = absl::StrCat("pipeline.recompute=", mode);
    {
      const FakeGpus gpus(1, 3);
      CHECK(Run(MakeJob(kTinyGpt, {"pipeline.stages=2", recompute}), /*graphs=*/true) == Unsplit());
    }
    // In bf16, with its fused kernels.
    const std::vector<std::string> fused = {"pipeline.stages=2", "run.steps=2", "devices.precision=BF16",
                                            "model.gpt2.activation=GELU_TANH"};
    Outcome kept;
    {
      const FakeGpus gpus(2, 4);
      kept = Run(MakeJob(kTinyGpt, fused), /*graphs=*/true);
    }
    std::vector<std::string> again = fused;
    again.push_back(recompute);
    const FakeGpus gpus(1, 5);
    CHECK(Run(MakeJob(kTinyGpt, again), /*graphs=*/false) == kept);
  }
}

TEST_CASE("CUDA: replicas of the parameters stay equal under graphs") {
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", "pipeline.schedule=chimera"});
  Outcome first;
  {
    const FakeGpus gpus(2, 5);
    first = Run(job, true);
  }
  const FakeGpus gpus(1, 6);
  CHECK(Run(job, false) == first);
}

TEST_CASE("CUDA: the host does not access device memory") {
  const Outcome& unsplit = Unsplit();
  const FakeGpus gpus(1, 2, /*closed=*/true);
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", "run.steps=2"});
  const auto run = TrainingSession::Create(job).value();
  for (int step = 0; step < 2; ++step) CHECK(run->Step(step).value().loss == Approx(unsplit.losses[step]));
  CHECK_FALSE(run->Weights().value().empty());
}

TEST_CASE("CUDA: close to the host's results") {
  const Outcome& unsplit = Unsplit();
  const FakeGpus gpus(1, 3);
  const Outcome host = RunToTheEnd(MakeJob(kTinyGpt, {"devices.backend=HOST"}));
  for (size_t step = 0; step < host.losses.size(); ++step) {
    CHECK(unsplit.losses[step] == Approx(host.losses[step]).epsilon(1e-4));
    CHECK(unsplit.gradient_norms[step] == Approx(host.gradient_norms[step]).epsilon(1e-3));
  }
}

TEST_CASE("CUDA: bf16 trains close to f32, to the same bits for every number of stages") {
  Outcome outcomes[2];
  for (int stages : {1, 2}) {
    const FakeGpus gpus(stages, 9);
    outcomes[stages - 1] =
        Run(MakeJob(kTinyGpt, {"devices.precision=BF16", absl::StrCat("pipeline.stages=", stages)}), stages == 1);
  }
  CHECK(outcomes[0] == outcomes[1]);
  CHECK_FALSE(outcomes[0] == Unsplit());
  for (size_t step = 0; step < outcomes[0].losses.size(); ++step) {
    CHECK(outcomes[0].losses[step] == Approx(Unsplit().losses[step]).epsilon(0.02));
  }
}

}  // namespace
}  // namespace baton
