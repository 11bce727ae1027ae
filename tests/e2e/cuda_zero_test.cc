// Sharded optimizer state on the stand-in for CUDA: in bf16 each replica has a shard of the f32 masters, too.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/cuda_job.h"

namespace baton {
namespace {

struct Layout {
  std::string precision = "BF16";
  std::string schedule = "1f1b";
  int stages = 2;
  int replicas = 2;
  int zero = 1;
};

proto::Job JobOf(const Layout& layout, std::vector<std::string> more = {}) {
  more.push_back(absl::StrCat("devices.precision=", layout.precision));
  more.push_back(absl::StrCat("pipeline.schedule=", layout.schedule));
  more.push_back(absl::StrCat("pipeline.stages=", layout.stages));
  more.push_back(absl::StrCat("parallel={replicas: ", layout.replicas, " zero: ", layout.zero, "}"));
  return MakeJob(kTinyGpt, more);
}

TEST_CASE("CUDA: sharded optimizer state has the bits of whole state in every precision") {
  for (const std::string precision : {"FLOAT32", "BF16"}) {
    Outcome whole;
    {
      const FakeGpus gpus(1, 31);
      whole = Run(JobOf({precision, "1f1b", 1, 2, /*zero=*/0}), /*graphs=*/false);
    }
    struct Way {
      std::string schedule;
      int stages, gpus;
      bool graphs, closed;
    };
    for (const Way& way :
         {Way{"1f1b", 1, 2, true, false}, Way{"zb-h1", 2, 1, false, true}, Way{"zb-v", 2, 4, true, false}}) {
      CAPTURE(precision, way.schedule, way.stages);
      const FakeGpus gpus(way.gpus, 32, way.closed);
      CHECK(Run(JobOf({precision, way.schedule, way.stages}), way.graphs) == whole);
    }
  }
}

TEST_CASE("CUDA: in bf16 masters and moments are in shards, to the byte") {
  const FakeGpus gpus(1, 33);
  const auto whole = TrainingSession::Create(JobOf({"BF16", "1f1b", 2, 4, /*zero=*/0})).value();
  const auto sharded = TrainingSession::Create(JobOf({"BF16", "1f1b", 2, 4})).value();
  REQUIRE(sharded->Step(0).ok());
  const Program& program = sharded->program();
  for (int stage = 0; stage < 2; ++stage) {
    const ChunkMemory& of_whole = whole->program().devices[stage].chunks.at(0);
    CHECK(of_whole.gradient_bytes() == 2 * of_whole.parameter_bytes);
    CHECK(of_whole.optimizer_bytes == 3 * of_whole.gradient_bytes());
    Bytes sum = 0;
    for (int replica = 0; replica < 4; ++replica) {
      const int device = 2 * replica + stage;
      const DeviceProgram& code = program.devices[device];
      CHECK(sharded->PeakArenaBytes(device) == code.arena_bytes);
      CHECK(code.chunks.at(0).parameter_bytes == of_whole.parameter_bytes);
      CHECK(whole->program().devices[device].arena_bytes - code.arena_bytes ==
            of_whole.optimizer_bytes - code.chunks.at(0).optimizer_bytes);
      sum += code.chunks.at(0).optimizer_bytes;
    }
    CHECK(sum == of_whole.optimizer_bytes);
  }
  // Gathers have 16 bits, sums 32.
  Bytes gathered = 0, scattered = 0;
  for (const ReduceGroup& group : program.reduce_groups) {
    if (group.kind == ReduceKind::kShardedUpdate) gathered += group.bytes;
    if (group.kind == ReduceKind::kShardGradient) scattered += group.bytes;
  }
  CHECK(gathered > 0);
  CHECK(scattered == 2 * gathered);
}

TEST_CASE("CUDA: between steps whoever reads bf16 parameters finds all shards up to date") {
  const FakeGpus gpus(2, 34);
  const auto whole = TrainingSession::Create(JobOf({"BF16", "1f1b", 2, 2, /*zero=*/0})).value();
  const auto sharded = TrainingSession::Create(JobOf({}, {"parallel.verify_replicas_every=1"})).value();
  // Before the first step each replica has rounded the masters of its shard alone.
  CHECK(sharded->Evaluate().value() == whole->Evaluate().value());
  for (int step = 0; step < 2; ++step) {
    for (TrainingSession* session : {whole.get(), sharded.get()})
      REQUIRE(session->Step(step).status() == absl::OkStatus());
    const ChunkPlacement& placement = sharded->program().placement;
    for (size_t entry = 0; entry < placement.replicas().size(); ++entry) {
      CAPTURE(step, entry);
      CHECK(sharded->ParametersAt(static_cast<int>(entry)).value() ==
            whole->ParametersAt(placement.replicas()[entry].chunk).value());
    }
  }
  CHECK(sharded->Evaluate().value() == whole->Evaluate().value());
}

}  // namespace
}  // namespace baton
