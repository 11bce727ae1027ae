// Whole CUDA jobs on the stand-in for the CUDA runtime: the same bits for every schedule, number of stages and GPUs,
// with and without graphs, in every order of the GPUs' work; and close to the host's results.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/profile.h"
#include "schedules/catalog/catalog.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// Small, since each thread of a kernel is a fiber.
constexpr char kTinyGpt[] = R"(
  name: "tiny"
  model { gpt2 { layers: 4 width: 8 heads: 2 context: 4 vocabulary: 256 } }
  data { text: "tests/data/handbook.txt" held_out: 0.02 }
  batch { sequences: 4 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 weight_decay: 0.1 } clip_norm: 1.0 warmup_steps: 1 decay: COSINE }
  run { steps: 3 }
  devices { backend: CUDA })";

// The machine of one test case. `closed`: the host cannot access device memory; takes time.
class FakeGpus {
 public:
  FakeGpus(int count, uint64_t seed, bool closed = false) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(count);
    stand_in::SetWorkOrder(seed);
    stand_in::CloseDeviceMemory(closed);
  }
  ~FakeGpus() {
    stand_in::CloseDeviceMemory(false);
    stand_in::SetNumGpus(1);
    CHECK(stand_in::NumAllocations() == 0);
    CHECK(stand_in::NumStreams() == 0);
    CHECK(stand_in::NumEvents() == 0);
    CHECK(stand_in::LastFault().empty());
  }
};

Outcome Run(const proto::Job& job, bool graphs, bool traces = true) {
  const auto run = TrainingSession::Create(job, TransportModel{}, graphs).value();
  Outcome outcome;
  for (int64_t step = 0; step < job.run().steps(); ++step) {
    const StepResult result = run->Step(step, traces).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
  const std::vector<TensorToWrite> weights = run->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
  return outcome;
}

const Outcome& Unsplit() {
  static const Outcome* const outcome = [] {
    const FakeGpus gpus(1, 0);
    return new Outcome(Run(MakeJob(kTinyGpt, {"pipeline.stages=1", "pipeline.schedule=naive"}), /*graphs=*/false));
  }();
  return *outcome;
}

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
  const FakeGpus gpus(1, 2, /*closed=*/true);
  const proto::Job job = MakeJob(kTinyGpt, {"pipeline.stages=2", "run.steps=2"});
  const auto run = TrainingSession::Create(job).value();
  for (int step = 0; step < 2; ++step) CHECK(run->Step(step).value().loss == Approx(Unsplit().losses[step]));
  CHECK_FALSE(run->Weights().value().empty());
}

TEST_CASE("CUDA: close to the host's results") {
  const FakeGpus gpus(1, 3);
  const Outcome host = RunToTheEnd(MakeJob(kTinyGpt, {"devices.backend=HOST"}));
  for (size_t step = 0; step < host.losses.size(); ++step) {
    CHECK(Unsplit().losses[step] == Approx(host.losses[step]).epsilon(1e-4));
    CHECK(Unsplit().gradient_norms[step] == Approx(host.gradient_norms[step]).epsilon(1e-3));
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
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"}), TransportModel{}, graphs).value();
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
  const FakeGpus gpus(1, 17);
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"})).value();
  const auto host = TrainingSession::Create(MakeJob(kTinyGpt, {"devices.backend=HOST"})).value();
  for (int step = 0; step < 3; ++step) {
    if (step == 2) CHECK(run->Evaluate().value() == Approx(host->Evaluate().value()).epsilon(1e-4));
    CHECK(run->Step(step).value().loss == Unsplit().losses[step]);
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
                       TransportModel{}, graphs)
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
            TransportModel{}, graphs)
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
        TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2"}), TransportModel{}, graphs).value();
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

TEST_CASE("CUDA: the planned peak is the peak of the arena") {
  const FakeGpus gpus(1, 19);
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2", "devices.precision=BF16"})).value();
  REQUIRE(run->Step(0).ok());
  for (int device = 0; device < 2; ++device) {
    CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
  }
}

TEST_CASE("CUDA: layers are measured through the device") {
  const FakeGpus gpus(1, 23);
  const proto::Job job = MakeJob(kTinyGpt, {"devices.precision=BF16"});
  const std::unique_ptr<Backend> backend = MakeBackend(job.devices()).value();
  ModelTable table = MakeModelTable(*backend, ModelOfJob(job).value()).value();
  const JobDevices devices = MakeDevices(job.devices(), 2).value();
  const std::vector<Device*> pointers = devices.Pointers();
  const TransferCosts transfer = ProfileLayers({backend.get(), pointers, devices.transport.get(), 2}, table).value();
  CHECK(transfer.transfer_ns > 0);
  for (const LayerCosts& layer : table.costs) {
    CHECK(layer.forward_ns > 0);
    CHECK(layer.backward_input_ns > 0);
    CHECK(layer.backward_weight_ns > 0);
  }
}

TEST_CASE("CUDA: without a GPU a job is refused with the driver's error, but its sizes are known") {
  stand_in::SetNumGpus(0);
  const proto::Job job = MakeJob(kTinyGpt);
  const absl::Status status = TrainingSession::Create(job).status();
  const auto backend = MakeBackend(job.devices());
  const auto table = MakeModelTable(**backend, ModelOfJob(job).value());
  stand_in::SetNumGpus(1);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(absl::StrContains(std::string(status.message()), "devices.backend: no CUDA device: "));
  CHECK(table->costs.size() == 4);
}

}  // namespace
}  // namespace baton
