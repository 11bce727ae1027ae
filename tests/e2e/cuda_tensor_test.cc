// Layers over several devices of the stand-in for the CUDA runtime: close to the unsplit model, and the same bits in
// every run, for every schedule, number of stages and GPUs; state that is stored as wholes; the planned memory.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "tests/e2e/cuda_job.h"
#include "tests/e2e/cuda_model_jobs.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// Sums over parts are rounded in another order than those of the whole.
constexpr double kTolerance = 1e-5;

constexpr char kTwoHalves[] = R"(
  model { mlp { sizes: [48, 24, 10] activation: RELU } }
  data { clusters { examples: 48 } held_out: 0.25 }
  batch { sequences: 8 micro_batches: 2 }
  optimizer { adamw { learning_rate: 1e-3 } }
  run { steps: 3 }
  devices { backend: CUDA })";

constexpr const char* kModels[] = {kTinyGpt, kCudaLlama, kCudaBert, kCudaVit, kTwoHalves};

proto::Job JobOf(const char* text, int tensor, std::vector<std::string> overrides = {}) {
  overrides.push_back(absl::StrCat("parallel.tensor=", tensor));
  return MakeJob(text, overrides);
}

Outcome RunOn(int gpus, uint64_t seed, const proto::Job& job) {
  const FakeGpus machine(gpus, seed);
  return Run(job, /*graphs=*/true);
}

// See tensor_parallel_test.cc.
void CheckClose(const Outcome& whole, const Outcome& parts) {
  CHECK(parts.losses[0] == Approx(whole.losses[0]).epsilon(kTolerance));
  CHECK(parts.gradient_norms[0] == Approx(whole.gradient_norms[0]).epsilon(kTolerance));
  for (size_t step = 1; step < whole.losses.size(); ++step) {
    CHECK(parts.losses[step] == Approx(whole.losses[step]).epsilon(10 * kTolerance));
  }
  CHECK(Distance(whole, parts) < 1e-3);
}

}  // namespace

TEST_CASE("CUDA: every model over 2 devices is close to the unsplit one, and has the same bits on 1, 2 and 4 GPUs") {
  uint64_t seed = 1;
  for (const char* text : kModels) {
    CAPTURE(text, seed);
    const Outcome whole = RunOn(1, seed++, JobOf(text, 1));
    const Outcome parts = RunOn(1, seed++, JobOf(text, 2));
    CheckClose(whole, parts);
    CHECK(parts.weights != whole.weights);  // or nothing is cut
    CHECK(RunOn(2, seed++, JobOf(text, 2)) == parts);
    if (text != kTwoHalves) CHECK(RunOn(4, seed++, JobOf(text, 2, {"pipeline.stages=2"})) == parts);
  }
}

TEST_CASE("CUDA: parts of layers train as on the host") {
  for (const char* text : {kTinyGpt, kCudaBert}) {
    CAPTURE(text);
    const Outcome cuda = RunOn(2, 21, JobOf(text, 2));
    const Outcome host = RunToTheEnd(JobOf(text, 2, {"devices.backend=HOST"}));
    for (size_t step = 0; step < host.losses.size(); ++step) {
      CHECK(cuda.losses[step] == Approx(host.losses[step]).epsilon(1e-4));
      CHECK(cuda.gradient_norms[step] == Approx(host.gradient_norms[step]).epsilon(1e-3));
    }
  }
}

TEST_CASE("CUDA: tokens and classes that the devices do not divide are padded, which shows nowhere") {
  const std::pair<const char*, const char*> cases[] = {{kTinyGpt, "model.gpt2.vocabulary=257"},
                                                       {kCudaVit, "model.vit.classes=7"},
                                                       {kTwoHalves, "model.mlp.sizes=[48, 24, 11]"}};
  for (const auto& [text, odd] : cases) {
    CAPTURE(odd);
    CheckClose(RunOn(1, 31, JobOf(text, 1, {odd})), RunOn(2, 32, JobOf(text, 2, {odd})));
  }
}

TEST_CASE("CUDA: parts of layers compute the same bits for every schedule, split and recomputation") {
  const Outcome expected = RunOn(1, 41, JobOf(kTinyGpt, 2));
  uint64_t seed = 42;
  for (const char* schedule : {"1f1b", "interleaved", "zb-v"}) {
    CAPTURE(schedule, seed);
    const proto::Job job =
        JobOf(kTinyGpt, 2, {"pipeline.stages=2", absl::StrCat("pipeline.schedule=", std::string(schedule))});
    CHECK(RunOn(1 + static_cast<int>(seed % 3), seed, job) == expected);
    ++seed;
  }
  for (const char* recompute : {"ATTENTION", "FULL"}) {
    const std::string field = absl::StrCat("pipeline.recompute=", recompute);
    CHECK(RunOn(2, seed++, JobOf(kTinyGpt, 2, {"pipeline.stages=2", field})) == expected);
  }
}

TEST_CASE(
    "CUDA: steps of parts are recorded as graphs, with the bits of instructions, and the traces have all of them") {
  for (const char* slices : {"false", "true"}) {
    CAPTURE(slices);
    const proto::Job job = JobOf(kTinyGpt, 2, {"pipeline.stages=2", absl::StrCat("parallel.tensor_sequence=", slices)});
    Outcome instructions;
    {
      const FakeGpus gpus(2, 45);
      const int64_t launches = stand_in::NumGraphLaunches();
      instructions = Run(job, /*graphs=*/false);
      CHECK(stand_in::NumGraphLaunches() == launches);
    }
    for (const bool traces : {true, false}) {
      const FakeGpus gpus(traces ? 3 : 1, 46);
      const int64_t launches = stand_in::NumGraphLaunches();
      CHECK(Run(job, /*graphs=*/true, traces) == instructions);
      CHECK(stand_in::NumGraphLaunches() == launches + job.run().steps() - 1);  // one for all devices
    }
  }
  const FakeGpus gpus(2, 47);
  const auto run = TrainingSession::Create(JobOf(kTinyGpt, 2, {"pipeline.stages=2"})).value();
  for (int step = 0; step < 2; ++step) REQUIRE(run->Step(step).status() == absl::OkStatus());
  for (int device = 0; device < 2; ++device) {
    const DeviceProgram& program = run->program().devices[device];
    for (size_t index = 0; index < program.instructions.size(); ++index) {
      for (int32_t wait : program.WaitsOf(program.instructions[index])) {
        CHECK(run->trace().devices[device][index].start >= run->trace().devices[device][wait].end);
      }
    }
  }
}

TEST_CASE("CUDA: a fault while members are recorded or run ends the run of all") {
  for (const bool graphs : {false, true}) {
    for (const int work : {5, 150}) {
      CAPTURE(graphs, work);
      stand_in::ResetMachine();
      stand_in::SetNumGpus(2);
      stand_in::SetWorkOrder(4);
      auto run = TrainingSession::Create(JobOf(kTinyGpt, 2, {"pipeline.stages=2"}), WithGraphs(graphs)).value();
      REQUIRE(run->Step(0).status() == absl::OkStatus());
      stand_in::FailEnqueued(work);
      const absl::Status status = run->Step(1).status();
      const absl::Status again = run->Step(2).status();
      stand_in::ResetMachine();
      run.reset();  // while its GPUs exist
      stand_in::SetNumGpus(1);
      CHECK(stand_in::NumAllocations() == 0);
      CHECK(status.code() == absl::StatusCode::kInternal);
      CHECK(again == status);
    }
  }
}

TEST_CASE("CUDA: members whose memory a GPU lacks are refused") {
  const FakeGpus gpus(2, 48);
  const auto run = TrainingSession::Create(
      JobOf(kTinyGpt, 2, {"model.gpt2={layers: 1 width: 4096 heads: 16 context: 4 vocabulary: 4000000}"}));
  CHECK(run.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(run.status().message()), Catch::Contains("an arena of"));
}

TEST_CASE("CUDA: with slices of rows models are close to the unsplit ones, and have the same bits for every split") {
  uint64_t seed = 51;
  const std::string batch = "batch={sequences: 4 micro_batches: 2}";
  for (const char* text : {kTinyGpt, kCudaLlama, kCudaBert, kCudaVit}) {
    CAPTURE(text, seed);
    const auto run = [&](int gpus, int tensor, std::vector<std::string> overrides) {
      overrides.push_back(batch);
      return RunOn(gpus, seed++, JobOf(text, tensor, overrides));
    };
    const Outcome parts = run(1, 2, {"parallel.tensor_sequence=true"});
    CheckClose(run(1, 1, {}), parts);
    CHECK(parts.losses[0] == run(2, 2, {}).losses[0]);
    CHECK(run(2, 2, {"parallel.tensor_sequence=true", "pipeline.stages=2"}) == parts);
  }
}

TEST_CASE("CUDA: replicas of parts, with sharded optimizer state and without, compute the same bits") {
  const Outcome expected = RunOn(1, 61, JobOf(kTinyGpt, 2, {"batch.sum_groups=2"}));
  for (const int zero : {0, 1}) {
    CAPTURE(zero);
    CHECK(RunOn(2, 62,
                JobOf(kTinyGpt, 2,
                      {"batch.sum_groups=2", "parallel.replicas=2", absl::StrCat("parallel.zero=", zero),
                       "pipeline.stages=2", "parallel.verify_replicas_every=1"})) == expected);
  }
}

TEST_CASE("CUDA: in bf16 parts of layers train close to f32, to the same bits for every number of stages and GPUs") {
  uint64_t seed = 71;
  const std::pair<const char*, const char*> cases[] = {
      {kTinyGpt, "parallel.tensor_sequence=true"}, {kCudaLlama, "run.steps=2"}, {kCudaBert, "run.steps=2"}};
  for (const auto& [text, more] : cases) {
    CAPTURE(text, more);
    std::vector<std::string> overrides = {"devices.precision=BF16", "run.steps=2", more};
    const Outcome parts = RunOn(1, seed++, JobOf(text, 2, overrides));
    const Outcome whole = RunOn(1, seed++, JobOf(text, 1, {"run.steps=2"}));
    for (size_t step = 0; step < whole.losses.size(); ++step) {
      CHECK(parts.losses[step] == Approx(whole.losses[step]).epsilon(0.02));
    }
    overrides.push_back("pipeline.stages=2");
    CHECK(RunOn(2, seed++, JobOf(text, 2, overrides)) == parts);
  }
}

TEST_CASE("CUDA: in bf16 all members read the parameters that a checkpoint has") {
  const FakeGpus gpus(2, 79);
  const proto::Job job = JobOf(kTinyGpt, 2, {"pipeline.stages=1", "devices.precision=BF16"});
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/members");
  const auto first = TrainingSession::Create(job).value();
  for (int64_t step = 0; step < 2; ++step) REQUIRE(first->Step(step).ok());
  StateSnapshot snapshot;
  first->state().Prepare(snapshot);
  REQUIRE(first->state().CopyTo(snapshot).ok());
  proto::CheckpointManifest manifest = first->DescribeRun();
  manifest.set_step(2);
  REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files).ok());
  const auto second = TrainingSession::Create(job).value();
  REQUIRE(second->Restore(*Checkpoint::Open(absl::StrCat(folder, "/", StepName(2))).value()).ok());
  CHECK(second->Evaluate().value() == first->Evaluate().value());
}

TEST_CASE("CUDA: the host does not access device memory of any member") {
  const Outcome expected = RunOn(1, 81, JobOf(kTinyGpt, 2));
  const FakeGpus gpus(2, 82, /*closed=*/true);
  const auto run =
      TrainingSession::Create(JobOf(kTinyGpt, 2, {"pipeline.stages=2", "parallel.verify_replicas_every=1"})).value();
  for (int step = 0; step < 2; ++step) CHECK(run->Step(step).value().loss == expected.losses[step]);
  CHECK_FALSE(run->Weights().value().empty());
}

TEST_CASE("CUDA: a step of parts uses the memory that was predicted, and evaluates as the unsplit model") {
  const std::vector<std::string> always = {"pipeline.stages=2", "run.evaluate_at_most=8"};
  const FakeGpus gpus(2, 91);
  const auto whole = TrainingSession::Create(JobOf(kTinyGpt, 1, always)).value();
  const double expected = whole->Evaluate().value();
  for (const char* slices : {"false", "true"}) {
    CAPTURE(slices);
    std::vector<std::string> overrides = always;
    overrides.push_back(absl::StrCat("parallel.tensor_sequence=", slices));
    const auto parts = TrainingSession::Create(JobOf(kTinyGpt, 2, overrides)).value();
    CHECK(parts->Evaluate().value() == Approx(expected).epsilon(kTolerance));
    REQUIRE(parts->Step(0).status() == absl::OkStatus());
    for (int device = 0; device < 2; ++device) {
      CHECK(parts->PeakArenaBytes(device) == parts->program().devices[device].arena_bytes);
    }
  }
}

TEST_CASE("CUDA: a run of parts goes on from a checkpoint with the bits of an undisturbed one") {
  const std::vector<std::string> always = {"batch.sum_groups=2", "run.steps=3"};
  const Outcome expected = RunOn(1, 101, JobOf(kTinyGpt, 2, always));
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints");
  {
    const FakeGpus gpus(2, 102);
    const auto first = TrainingSession::Create(JobOf(kTinyGpt, 2, always)).value();
    for (int step = 0; step < 2; ++step) REQUIRE(first->Step(step).status() == absl::OkStatus());
    StateSnapshot snapshot;
    first->state().Prepare(snapshot);
    REQUIRE(first->state().CopyTo(snapshot).ok());
    proto::CheckpointManifest manifest = first->DescribeRun();
    manifest.set_step(2);
    REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files) == absl::OkStatus());
  }
  for (const auto& overrides :
       std::vector<std::vector<std::string>>{{}, {"pipeline.stages=2", "parallel.replicas=2", "parallel.zero=1"}}) {
    CAPTURE(overrides);
    std::vector<std::string> all = always;
    all.insert(all.end(), overrides.begin(), overrides.end());
    const FakeGpus gpus(3, 103);
    const auto second = TrainingSession::Create(JobOf(kTinyGpt, 2, all)).value();
    REQUIRE(second->Restore(*Checkpoint::Open(folder + "/step-000002").value()) == absl::OkStatus());
    const StepResult result = second->Step(2).value();
    CHECK(result.loss == expected.losses[2]);
    CHECK(result.gradient_norm == expected.gradient_norms[2]);
    const std::vector<TensorToWrite> weights = second->Weights().value();
    for (const TensorToWrite& tensor : weights) {
      CAPTURE(tensor.name);
      const std::vector<std::byte>& bytes = expected.weights.at(tensor.name);
      CHECK(std::memcmp(tensor.data, bytes.data(), bytes.size()) == 0);
    }
  }
}

}  // namespace baton
