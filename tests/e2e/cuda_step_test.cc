// Single steps of CUDA jobs on the stand-in: graphs, traces, evaluations, steps that are not applied, and faults.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/e2e/cuda_job.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("CUDA: graphs are recorded once for each staging, and traced ones again") {
  const FakeGpus gpus(1, 11);
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2", "run.steps=5"})).value();
  const int64_t launches = stand_in::NumGraphLaunches();
  REQUIRE(run->Step(0, /*wants_trace=*/true).ok());
  CHECK(stand_in::NumGraphLaunches() == launches);  // the first step runs without a graph
  REQUIRE(run->Step(1, false).ok());
  const int64_t nodes = stand_in::NumNodesOfLastGraph();
  REQUIRE(run->Step(2, true).ok());
  CHECK(stand_in::NumNodesOfLastGraph() > nodes);
  REQUIRE(run->Step(3, false).ok());
  REQUIRE(run->Step(4, false).ok());
  CHECK(stand_in::NumGraphLaunches() == launches + 4);
}

TEST_CASE("CUDA: a trace orders every instruction, from a graph and without") {
  const bool graphs = GENERATE(true, false);
  const FakeGpus gpus(2, 13);
  const auto run =
      TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"}), WithGraphs(graphs))
          .value();
  for (int step = 0; step < 2; ++step) REQUIRE(run->Step(step).ok());
  for (int device = 0; device < 2; ++device) {
    const DeviceProgram& program = run->program().devices[device];
    for (size_t index = 0; index < program.instructions.size(); ++index) {
      const Interval& interval = run->trace().devices[device][index];
      CHECK(interval.end >= interval.start);
      for (int32_t wait : program.WaitsOf(program.instructions[index])) {
        CHECK(interval.start >= run->trace().devices[device][wait].end);
      }
    }
  }
}

TEST_CASE("CUDA: an evaluation between steps changes nothing, and is the host's") {
  const Outcome& unsplit = Unsplit();
  const FakeGpus gpus(1, 17);
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"})).value();
  const auto host = TrainingSession::Create(MakeJob(kTinyGpt, {"devices.backend=HOST"})).value();
  for (int step = 0; step < 3; ++step) {
    if (step == 2) CHECK(run->Evaluate().value() == Approx(host->Evaluate().value()).epsilon(1e-4));
    CHECK(run->Step(step).value().loss == unsplit.losses[step]);
    REQUIRE(host->Step(step).ok());
  }
}

TEST_CASE("CUDA: a step that overflows is not applied, from a graph and without") {
  const bool graphs = GENERATE(true, false);
  const double clip_norm = GENERATE(0.0, 1.0);
  const FakeGpus gpus(2, 29);
  const auto run = TrainingSession::Create(
                       MakeJob(kTinyGpt, {"pipeline.stages=2", "optimizer.adamw.learning_rate=1000",
                                          "model.gpt2.width=32", "optimizer.warmup_steps=0", "optimizer.decay=CONSTANT",
                                          absl::StrCat("optimizer.clip_norm=", clip_norm)}),
                       WithGraphs(graphs))
                       .value();
  int step = 0;
  while (step < 8 && run->Step(step).value().applied) ++step;
  REQUIRE(step < 8);
  const std::vector<std::byte> before = run->ParametersAt(0).value();
  const NonfiniteOrigin origin = run->FindNonfinite(step).value();
  CHECK(origin.chunk >= 0);
  for (int again = 0; again < 2; ++again) {
    CHECK_FALSE(run->Step(++step).value().applied);
    CHECK((run->ParametersAt(0).value() == before));
  }
}

TEST_CASE("CUDA: a growing batch has the same bits from graphs and without") {
  const auto losses = [](bool graphs) {
    const FakeGpus gpus(2, 31);
    const auto run =
        TrainingSession::Create(
            MakeJob(kTinyGpt, {"pipeline.stages=2",
                               "batch={ sequences: 8 micro_batches: 4 ramp { from: 4 by: 2 every_steps: 3 } }"}),
            WithGraphs(graphs))
            .value();
    std::vector<double> losses;
    for (int step = 0; step < 9; ++step) losses.push_back(run->Step(step, step % 2 == 0).value().loss);
    return losses;
  };
  CHECK(losses(true) == losses(false));
}

TEST_CASE("CUDA: a fault on the GPU ends the run, and the error names its possible sources") {
  for (const bool graphs : {false, true}) {
    CAPTURE(graphs);
    stand_in::ResetMachine();
    stand_in::SetWorkOrder(4);
    const auto run =
        TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"}), WithGraphs(graphs))
            .value();
    REQUIRE(run->Step(0).ok());
    stand_in::FailEnqueued(150);  // during the second step
    const absl::Status status = run->Step(1).status();
    const absl::Status again = run->Step(2).status();
    stand_in::ResetMachine();
    const std::string message(status.message());
    CAPTURE(message);
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK(absl::StrContains(message, "cudaErrorIllegalAddress"));
    if (graphs) {
      CHECK(absl::StrContains(message, "with --no-graphs the instruction is named"));
    } else {
      // Timing decides at which instruction the fault surfaces, and whether earlier ones are still in flight.
      CHECK(absl::StartsWith(message, "device "));
      CHECK(absl::StrContains(message, "instruction "));
    }
    CHECK(again == status);
  }
}

}  // namespace
}  // namespace baton
