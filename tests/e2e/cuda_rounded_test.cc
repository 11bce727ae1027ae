// Parameters of 16 bits without f32 masters, on the stand-in for CUDA.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bfloat16.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/bench.h"
#include "runtime/planning/profile.h"
#include "tests/e2e/cuda_job.h"

namespace baton {
namespace {

proto::Job JobOf(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"devices.precision=BF16", "devices.parameters=BF16"});
  return MakeJob(kTinyGpt, more);
}

TEST_CASE("CUDA: rounded parameters have the same bits for every split, replica, shard and graph") {
  struct Way {
    std::vector<std::string> overrides;
    int gpus;
    bool graphs, closed;
  };
  Outcome of_one, of_two;
  {
    const FakeGpus gpus(1, 51);
    of_one = Run(JobOf({"pipeline.stages=1"}), /*graphs=*/false);
    of_two = Run(JobOf({"pipeline.stages=1", "parallel.replicas=2"}), /*graphs=*/false);
  }
  for (const auto& [name, bytes] : of_one.weights) {
    CAPTURE(name);
    for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
      float value;
      std::memcpy(&value, bytes.data() + at, sizeof(value));
      REQUIRE(FromBFloat16Bits(ToBFloat16Bits(value)) == value);
    }
  }
  CHECK(of_one.losses.back() < of_one.losses.front());
  for (const Way& way : {Way{{"pipeline.stages=2", "pipeline.schedule=zb-h1"}, 2, true, false},
                         Way{{"pipeline.schedule=zb-v", "pipeline.stages=2"}, 1, false, true}}) {
    CAPTURE(way.overrides);
    const FakeGpus gpus(way.gpus, 52, way.closed);
    CHECK(Run(JobOf(way.overrides), way.graphs) == of_one);
  }
  for (const Way& way :
       {Way{{"pipeline.stages=2", "parallel={replicas: 2 zero: 1 verify_replicas_every: 1}"}, 2, true, true},
        Way{{"pipeline.stages=2", "parallel.replicas=2"}, 4, true, false}}) {
    CAPTURE(way.overrides);
    const FakeGpus gpus(way.gpus, 53, way.closed);
    CHECK(Run(JobOf(way.overrides), way.graphs) == of_two);
  }
}

TEST_CASE("CUDA: a rounded parameter takes 14 bytes, one with a master 18") {
  const FakeGpus gpus(1, 54);
  const auto rounded = TrainingSession::Create(JobOf({"pipeline.stages=2"})).value();
  const auto masters = TrainingSession::Create(JobOf({"pipeline.stages=2", "devices.parameters=FLOAT32"})).value();
  REQUIRE(rounded->Step(0).ok());
  for (int device = 0; device < 2; ++device) {
    const ChunkMemory& memory = rounded->program().devices[device].chunks.at(0);
    CHECK(rounded->PeakArenaBytes(device) == rounded->program().devices[device].arena_bytes);
    CHECK(memory.gradient_bytes() == 2 * memory.parameter_bytes);
    CHECK(memory.optimizer_bytes == 4 * memory.parameter_bytes);
    CHECK(masters->program().devices[device].arena_bytes - rounded->program().devices[device].arena_bytes ==
          2 * memory.parameter_bytes);
  }
}

TEST_CASE("CUDA: a run with rounded parameters goes on from a checkpoint, whatever shards it had") {
  const std::vector<std::string> replicas = {"pipeline.stages=2", "parallel={replicas: 2 zero: 1}"};
  Outcome whole;
  {
    const FakeGpus gpus(2, 55);
    whole = Run(JobOf(replicas), /*graphs=*/true);
  }
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/rounded");
  const FakeGpus gpus(2, 56, /*closed=*/true);
  {
    const auto session = TrainingSession::Create(JobOf(replicas), WithGraphs(true)).value();
    for (int64_t step = 0; step < 2; ++step) REQUIRE(session->Step(step).ok());
    StateSnapshot snapshot;
    session->state().Prepare(snapshot);
    REQUIRE(session->state().CopyTo(snapshot).ok());
    proto::CheckpointManifest manifest = session->DescribeRun();
    manifest.set_step(2);
    REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files).ok());
  }
  const auto session = TrainingSession::Create(JobOf({"pipeline.stages=1", "parallel.replicas=2"})).value();
  REQUIRE(session->Restore(*Checkpoint::Open(absl::StrCat(folder, "/", StepName(2))).value()).ok());
  CHECK(session->Step(2).value().loss == whole.losses[2]);
  const std::vector<TensorToWrite> weights = session->Weights().value();
  REQUIRE(weights.size() == whole.weights.size());
  for (const TensorToWrite& tensor : weights) {
    CHECK(std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()) == whole.weights.at(tensor.name));
  }
}

TEST_CASE("CUDA: layers with rounded parameters are measured") {
  const FakeGpus gpus(1, 57);
  const proto::Job job = JobOf();
  const std::unique_ptr<Backend> backend = MakeBackend(job.devices()).value();
  ModelTable table = MakeModelTable(*backend, ModelOfJob(job).value()).value();
  const JobDevices devices = MakeDevices(job.devices(), 2).value();
  const std::vector<Device*> pointers = devices.Pointers();
  REQUIRE(ProfileLayers({backend.get(), pointers, devices.transport.get(), 2}, table).ok());
  for (const LayerCosts& layer : table.costs) CHECK(layer.forward_ns > 0);
}

}  // namespace
}  // namespace baton
