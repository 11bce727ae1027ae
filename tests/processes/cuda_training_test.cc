// Training on GPUs of several processes by NCCL, on stand-ins for CUDA and NCCL: the bits of one process. Each process
// is emulated by a thread.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/prepare_job.h"
#include "runtime/train/save_together.h"
#include "runtime/transport/nccl/staging.h"
#include "tests/cuda_stand_in/nccl.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/e2e/cuda_job.h"
#include "tests/processes/train_as.h"

namespace baton {
namespace {

TEST_CASE("CUDA: several processes have the bits of one, for stages and tied parameters") {
  const Outcome& alone = Unsplit();
  struct Split {
    std::string schedule;
    int stages, processes;
  };
  for (const Split& split : {Split{"1f1b", 2, 2}, Split{"zb-h1", 4, 2}, Split{"1f1b", 4, 3}, Split{"zb-v", 2, 2}}) {
    CAPTURE(split.schedule, split.stages, split.processes);
    const FakeGpus gpus(4, static_cast<uint64_t>(split.stages));
    const proto::Job job = MakeJob(
        kTinyGpt, {absl::StrCat("pipeline.schedule=", split.schedule), absl::StrCat("pipeline.stages=", split.stages)});
    CHECK(TrainIn(split.processes, job) == alone);
  }
}

TEST_CASE("CUDA: replicas in several processes have the bits of one process, with sharded optimizer state too") {
  const std::string precision = GENERATE("FLOAT32", "BF16");
  const auto job = [&](int zero) {
    return MakeJob(kTinyGpt, {"pipeline.stages=1", absl::StrCat("devices.precision=", precision),
                              absl::StrCat("parallel={replicas: 2 zero: ", zero, "}")});
  };
  Outcome alone;
  {
    const FakeGpus gpus(1, 1);
    alone = TrainAlone(job(0));
  }
  CAPTURE(precision);
  for (const int zero : {0, 1}) {
    CAPTURE(zero);
    const FakeGpus gpus(2, 9);
    CHECK(TrainIn(2, job(zero)) == alone);
  }
}

TEST_CASE("CUDA: gradients of several blocks are summed in parts by three and by four processes, with the same bits") {
  for (const int replicas : {3, 4}) {
    CAPTURE(replicas);
    const proto::Job job = MakeJob(
        kTinyGpt, {"model.gpt2.layers=1", "model.gpt2.width=64", "model.gpt2.vocabulary=10000", "pipeline.stages=1",
                   absl::StrCat("parallel.replicas=", replicas), absl::StrCat("batch.sequences=", replicas),
                   absl::StrCat("batch.micro_batches=", replicas), "run.steps=2"});
    const FakeGpus gpus(replicas, static_cast<uint64_t>(replicas));
    const Outcome alone = TrainAlone(job);
    const int64_t before = stand_in::NcclBytes();
    CHECK(TrainIn(replicas, job) == alone);
    const auto backend = MakeBackend(job.devices()).value();
    Bytes summed = 0, largest = 0;
    const PreparedJob prepared = PrepareJob(*backend, job, TransportModel{}, replicas).value();
    for (const ReduceGroup& group : prepared.programs.training.reduce_groups) {
      summed += group.bytes;
      largest = std::max(largest, group.bytes);
    }
    CHECK(largest > kExchangeBlockBytes);
    // In each of two steps; directly it would be replicas · (replicas − 1) times the sums.
    const int64_t sent = stand_in::NcclBytes() - before;
    CHECK(sent >= 2 * 2 * (replicas - 1) * largest);
    CHECK(sent < 2 * 2 * (replicas - 1) * summed + (1 << 20));
  }
}

TEST_CASE("CUDA: parts of layers in several processes have the bits of one process") {
  for (const char* slices : {"false", "true"}) {
    CAPTURE(slices);
    const std::string parallel = absl::StrCat("parallel={tensor: 2 tensor_sequence: ", slices, "}");
    const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", parallel});
    const FakeGpus gpus(4, 17);
    const Outcome alone = TrainAlone(job);
    CHECK(TrainIn(2, job) == alone);
  }
}

TEST_CASE("CUDA: bf16 masters in several processes are saved in pieces, and gone on from in one process") {
  const auto job = [](int zero) {
    return MakeJob(kTinyGpt, {"pipeline.stages=2", "devices.precision=BF16",
                              absl::StrCat("parallel={replicas: 2 zero: ", zero, "}")});
  };
  const FakeGpus gpus(4, 21);
  const Outcome alone = TrainAlone(job(0));
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/masters");
  AsProcesses(4, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job(1), options).value();
    Outcome outcome;
    TrainSteps(*session, 0, 1, outcome);
    StateSnapshot snapshot;
    session->state().Prepare(snapshot);
    if (!session->state().CopyTo(snapshot).ok()) std::abort();
    proto::CheckpointManifest manifest = session->DescribeRun();
    manifest.set_step(1);
    if (!SaveTogether(control, folder, manifest, snapshot.files, absl::OkStatus()).ok()) std::abort();
  });
  const auto checkpoint = Checkpoint::Open(absl::StrCat(folder, "/", StepName(1))).value();
  CHECK(checkpoint->Verify().ok());
  const auto session = TrainingSession::Create(job(0)).value();
  REQUIRE(session->Restore(*checkpoint) == absl::OkStatus());
  Outcome outcome;
  TrainSteps(*session, 1, 3, outcome);
  AddWeights(*session, outcome);
  CHECK(outcome.weights == alone.weights);
}

// As TrainIn, with recorded steps or without, with traces of all steps or none.
Outcome TrainWith(int num_processes, const proto::Job& job, bool graphs, bool traces) {
  std::vector<Outcome> outcomes(num_processes);
  AsProcesses(num_processes, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    options.graphs = graphs;
    const auto session = TrainingSession::Create(job, options).value();
    Outcome& outcome = outcomes[control.rank()];
    for (int64_t step = 0; step < job.run().steps(); ++step) {
      const StepResult result = session->Step(step, traces).value();
      outcome.losses.push_back(result.loss);
      outcome.gradient_norms.push_back(result.gradient_norm);
    }
    AddWeights(*session, outcome);
  });
  return outcomes[0];
}

TEST_CASE("CUDA: recorded steps of several processes have the bits of steps by instructions") {
  struct Split {
    std::vector<std::string> overrides;
    int devices, processes;
    bool closed;
  };
  for (const Split& split :
       {Split{{"pipeline.stages=2", "pipeline.schedule=1f1b"}, 2, 2, true},
        Split{{"pipeline.stages=4", "pipeline.schedule=zb-h1"}, 4, 3, false},
        Split{{"pipeline.stages=1", "parallel={replicas: 4 zero: 1}"}, 4, 4, false},
        Split{{"pipeline.stages=2", "pipeline.schedule=zb-v", "parallel.replicas=2"}, 4, 3, false}}) {
    std::vector<std::string> overrides = split.overrides;
    overrides.push_back("run.steps=4");
    const proto::Job job = MakeJob(kTinyGpt, overrides);
    CAPTURE(overrides, split.processes);
    const FakeGpus gpus(split.devices, static_cast<uint64_t>(split.processes), split.closed);
    const int64_t before = stand_in::NumGraphLaunches();
    const Outcome instructions = TrainWith(split.processes, job, /*graphs=*/false, /*traces=*/false);
    CHECK(stand_in::NumGraphLaunches() == before);
    for (const bool traces : {false, true}) {
      CAPTURE(traces);
      const int64_t launched = stand_in::NumGraphLaunches();
      CHECK(TrainWith(split.processes, job, /*graphs=*/true, traces) == instructions);
      CHECK(stand_in::NumGraphLaunches() - launched == 3 * split.processes);
    }
  }
}

TEST_CASE("CUDA: a process that waits within a recorded step says so, and ends with the failure of another one") {
  const FakeGpus gpus(2, 5);
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2"});
  std::vector<std::string> positions;
  absl::Status ended;
  AsProcesses(2, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job, options).value();
    for (int64_t step = 0; step < 2; ++step) session->Step(step).value();
    if (control.rank() == 1) {
      ended = session->Step(2).status();
      return;
    }
    while (positions.empty()) {
      absl::SleepFor(absl::Milliseconds(10));
      const proto::Heartbeat heartbeat = control.HeartbeatOf(1);
      positions.assign(heartbeat.positions().begin(), heartbeat.positions().end());
    }
    control.Abort(absl::AbortedError("enough"));
  });
  CHECK(positions == std::vector<std::string>{"device 1 runs a step that was launched as one graph"});
  CHECK(absl::StrContains(ended.message(), "enough"));
}

// Device memory while the sessions of all processes are ready.
int64_t BytesOfSessions(const proto::Job& job, int num_processes) {
  int64_t bytes = 0;
  AsProcesses(num_processes, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job, options).value();
    REQUIRE(control.Barrier().ok());
    if (control.rank() == 0) bytes = stand_in::DeviceBytes();
    REQUIRE(control.Barrier().ok());
  });
  return bytes;
}

TEST_CASE("CUDA: sums of several processes need the memory on GPUs that the check before a launch counts") {
  const FakeGpus gpus(4, 7);
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", "parallel.replicas=2", "run.evaluate_every=1"});
  const auto backend = MakeBackend(job.devices()).value();
  int64_t alone = 0;
  {
    const auto session = TrainingSession::Create(job).value();
    alone = stand_in::DeviceBytes();
  }
  for (const int num_processes : {2, 3, 4}) {
    CAPTURE(num_processes);
    const JobPrograms programs = PrepareJob(*backend, job, TransportModel{}, num_processes).value().programs;
    int64_t staging = 0;
    for (int device = 0; device < 4; ++device) staging += programs.ExchangeBytesOf(device);
    CHECK(staging > 0);
    CHECK(BytesOfSessions(job, num_processes) == alone + staging);
  }
}

TEST_CASE("CUDA: several processes evaluate as one does") {
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", "run.steps=1", "run.evaluate_every=1"});
  Outcome alone;
  {
    const FakeGpus gpus(1, 1);
    alone = TrainAlone(job);
  }
  const FakeGpus gpus(2, 3);
  CHECK(TrainIn(2, job) == alone);
}

}  // namespace
}  // namespace baton
