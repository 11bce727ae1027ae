// CUDA jobs on the stand-in that stop, save and go on: the bits of an undisturbed run, also with other stages,
// schedules and GPUs.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/train/session.h"
#include "tests/e2e/cuda_job.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

proto::Job JobOf(int stages, const std::string& schedule) {
  return MakeJob(kTinyGpt, {absl::StrCat("pipeline.stages=", stages), absl::StrCat("pipeline.schedule=", schedule)});
}

void RunSteps(TrainingSession& session, int begin, int end, Outcome& outcome) {
  for (int step = begin; step < end; ++step) {
    const StepResult result = session.Step(step).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
}

// Steps [0, stop) of `job`; returns the checkpoint's folder.
std::string RunAndSave(const proto::Job& job, int num_gpus, bool graphs, int stop, Outcome& outcome,
                       bool closed = false) {
  static int count = 0;
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/", count++);
  const FakeGpus gpus(num_gpus, count, closed);
  const auto session = TrainingSession::Create(job, WithGraphs(graphs)).value();
  RunSteps(*session, 0, stop, outcome);
  StateSnapshot snapshot;
  session->state().Prepare(snapshot);
  REQUIRE(session->state().CopyTo(snapshot).ok());
  proto::CheckpointManifest manifest = session->DescribeRun();
  manifest.set_step(stop);
  REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files).ok());
  return folder + "/" + StepName(stop);
}

// The other steps of `job`, and its weights.
void GoOn(const proto::Job& job, int num_gpus, bool graphs, const std::string& path, int stop, Outcome& outcome) {
  const FakeGpus gpus(num_gpus, 100 + stop);
  const auto session = TrainingSession::Create(job, WithGraphs(graphs)).value();
  REQUIRE(session->Restore(*Checkpoint::Open(path).value()).ok());
  RunSteps(*session, stop, job.run().steps(), outcome);
  const std::vector<TensorToWrite> weights = session->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
}

TEST_CASE("CUDA: stopped and gone on in another way, a run has the bits of an undisturbed one") {
  struct Way {
    int gpus;
    int stages;
    const char* schedule;
    bool graphs;
  };
  const Way before = GENERATE(Way{1, 2, "1f1b", true}, Way{2, 4, "zb-h1", false});
  const Way after = GENERATE(Way{2, 2, "zb-v", true}, Way{1, 1, "naive", false});
  const int stop = GENERATE(1, 2);
  CAPTURE(before.schedule, after.schedule, stop);
  Outcome outcome;
  const std::string path = RunAndSave(JobOf(before.stages, before.schedule), before.gpus, before.graphs, stop, outcome);
  GoOn(JobOf(after.stages, after.schedule), after.gpus, after.graphs, path, stop, outcome);
  CHECK(outcome == Unsplit());
}

TEST_CASE("CUDA: bf16 goes on from its f32 parameters, though the host cannot read device memory") {
  const std::vector<std::string> settings = {"pipeline.stages=2", "devices.precision=BF16"};
  Outcome whole;
  {
    const FakeGpus gpus(2, 41);
    whole = Run(MakeJob(kTinyGpt, settings), /*graphs=*/true);
  }
  Outcome outcome;
  const proto::Job job = MakeJob(kTinyGpt, settings);
  const std::string path = RunAndSave(job, 2, true, 2, outcome, /*closed=*/true);
  GoOn(job, 1, true, path, 2, outcome);
  CHECK(outcome == whole);
}

TEST_CASE("CUDA: bf16 masters in shards are saved as wholes, and gone on from with shards or without") {
  const auto job = [](int stages, int zero) {
    return MakeJob(kTinyGpt, {absl::StrCat("pipeline.stages=", stages), "devices.precision=BF16",
                              absl::StrCat("parallel={replicas: 2 zero: ", zero, "}")});
  };
  Outcome whole;
  {
    const FakeGpus gpus(2, 42);
    whole = Run(job(1, 0), /*graphs=*/false);
  }
  for (const int before : {0, 1}) {
    for (const int after : {0, 1}) {
      CAPTURE(before, after);
      Outcome outcome;
      const std::string path = RunAndSave(job(2, before), 2, true, 2, outcome, /*closed=*/before == 1);
      GoOn(job(1 + before, after), 2, true, path, 2, outcome);
      CHECK(outcome == whole);
    }
  }
}

TEST_CASE("CUDA: the host goes on from a checkpoint of GPUs, close to their results") {
  Outcome outcome;
  const std::string path = RunAndSave(JobOf(2, "1f1b"), 2, true, 2, outcome);
  const proto::Job host = MakeJob(kTinyGpt, {"devices.backend=HOST"});
  GoOn(host, 1, false, path, 2, outcome);
  CHECK(outcome.losses[2] == Approx(Unsplit().losses[2]).epsilon(1e-4));
}

}  // namespace
}  // namespace baton
