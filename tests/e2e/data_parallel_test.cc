// Copies of the pipeline: for a number of sum groups, training computes the same bits with any number of replicas, for
// every schedule and number of stages.
#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

struct Layout {
  std::string schedule = "1f1b";
  int stages = 1;
  int replicas = 1;
  int sum_groups = 1;
  int zero = 0;
};

proto::Job JobOf(const Layout& layout, std::vector<std::string> more = {}) {
  std::vector<std::string> overrides = {
      absl::StrCat("pipeline.schedule=", layout.schedule), absl::StrCat("pipeline.stages=", layout.stages),
      absl::StrCat("parallel={replicas: ", layout.replicas, " zero: ", layout.zero, "}"),
      absl::StrCat("batch={sequences: 16 micro_batches: 8 sum_groups: ", layout.sum_groups, "}"), "run.steps=3"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return MakeJob(kSmallGpt, overrides);
}

std::vector<std::string> SchedulesOfOneReplica() {
  std::vector<std::string> names;
  for (const ScheduleInfo& schedule : Catalog()) {
    if (!schedule.has_replicas) names.emplace_back(schedule.name);
  }
  return names;
}

TEST_CASE("any number of replicas that divides the sum groups computes the same bits") {
  std::map<int, Outcome> of_groups;
  for (int groups : {1, 2, 4, 8}) {
    of_groups[groups] = RunToTheEnd(JobOf({"1f1b", 1, 1, groups}));
    for (int replicas = 1; replicas <= groups; replicas *= 2) {
      for (int stages : {1, 2}) {
        CAPTURE(groups, replicas, stages);
        CHECK(RunToTheEnd(JobOf({"1f1b", stages, replicas, groups})) == of_groups[groups]);
        if (replicas == 1) continue;
        CHECK(RunToTheEnd(JobOf({"1f1b", stages, replicas, groups, /*zero=*/1})) == of_groups[groups]);
      }
    }
  }
  // The groups do change the last bits; else nothing of this would show.
  CHECK(of_groups[2].weights != of_groups[1].weights);
  CHECK(of_groups[4].weights != of_groups[2].weights);
  CHECK(of_groups[8].weights != of_groups[4].weights);
}

TEST_CASE("every schedule with one replica of its own computes these bits") {
  const Outcome expected = RunToTheEnd(JobOf({"1f1b", 1, 1, 4}));
  for (const std::string& schedule : SchedulesOfOneReplica()) {
    CAPTURE(schedule);
    CHECK(RunToTheEnd(JobOf({schedule, 2, 2, 4})) == expected);
    CHECK(RunToTheEnd(JobOf({schedule, 2, 1, 4})) == expected);
    CHECK(RunToTheEnd(JobOf({schedule, 2, 2, 4, /*zero=*/1})) == expected);
  }
}

TEST_CASE("three replicas, and replicas of a bidirectional schedule, train to the same bits twice and stay equal") {
  for (const auto& overrides : std::vector<std::vector<std::string>>{
           {"batch={sequences: 18 micro_batches: 9}", "parallel.replicas=3", "pipeline.stages=2"},
           {"batch={sequences: 16 micro_batches: 8 sum_groups: 2}", "parallel.replicas=2", "pipeline.stages=2",
            "pipeline.schedule=chimera"},
           {"batch={sequences: 16 micro_batches: 8 sum_groups: 2}", "parallel.replicas=2", "pipeline.stages=3",
            "pipeline.schedule=dualpipe"}}) {
    CAPTURE(overrides);
    const proto::Job job = JobOf({}, overrides);
    const Outcome outcome = RunToTheEnd(job);
    CHECK(RunToTheEnd(job) == outcome);
    CHECK(outcome.losses[2] == Approx(RunToTheEnd(JobOf({}, {overrides[0]})).losses[2]).epsilon(1e-4));
    const auto run = TrainingSession::Create(job).value();
    REQUIRE(run->Step(0).ok());
    const ChunkPlacement& placement = run->program().placement;
    for (size_t entry = 0; entry < placement.replicas().size(); ++entry) {
      CHECK(run->ParametersAt(static_cast<int>(entry)).value() ==
            run->ParametersAt(placement.replicas()[entry].chunk).value());
    }
  }
}

TEST_CASE("a step uses the memory that was predicted, to the byte, with partial sums and without") {
  for (int groups : {2, 4, 8}) {
    const auto run = TrainingSession::Create(JobOf({"zb-h1", 2, 2, groups})).value();
    REQUIRE(run->Step(0).ok());
    const Program& program = run->program();
    REQUIRE(program.num_devices() == 4);
    for (int device = 0; device < 4; ++device) {
      CAPTURE(groups, device);
      CHECK(run->PeakArenaBytes(device) == program.devices[device].arena_bytes);
      const ChunkMemory& memory = program.devices[device].chunks[0];
      CHECK(memory.partial_sum_bytes == memory.parameter_bytes * (groups == 8 ? 2 : groups == 4 ? 1 : 0));
    }
  }
}

TEST_CASE("sharded optimizer state takes a share of the memory, to the byte") {
  const auto whole = TrainingSession::Create(JobOf({"1f1b", 2, 4, 4})).value();
  const auto sharded = TrainingSession::Create(JobOf({"1f1b", 2, 4, 4, /*zero=*/1})).value();
  REQUIRE(sharded->Step(0).ok());
  for (int stage = 0; stage < 2; ++stage) {
    Bytes sum = 0;
    for (int replica = 0; replica < 4; ++replica) {
      const int device = 2 * replica + stage;
      const DeviceProgram& code = sharded->program().devices[device];
      CHECK(sharded->PeakArenaBytes(device) == code.arena_bytes);
      sum += code.chunks[0].optimizer_bytes;
      CHECK(whole->program().devices[device].arena_bytes - code.arena_bytes ==
            whole->program().devices[device].chunks[0].optimizer_bytes - code.chunks[0].optimizer_bytes);
    }
    CHECK(sum == whole->program().devices[stage].chunks[0].optimizer_bytes);
  }
}

TEST_CASE("between steps whoever reads the parameters finds all shards up to date") {
  const proto::Job job = JobOf({"1f1b", 2, 4, 4, /*zero=*/1});
  const auto whole = TrainingSession::Create(JobOf({"1f1b", 2, 1, 4})).value();
  const auto sharded = TrainingSession::Create(job).value();
  const auto evaluated = TrainingSession::Create(job).value();
  for (int step = 0; step < 2; ++step) {
    for (TrainingSession* session : {whole.get(), sharded.get(), evaluated.get()}) REQUIRE(session->Step(step).ok());
    const ChunkPlacement& placement = sharded->program().placement;
    for (size_t entry = 0; entry < placement.replicas().size(); ++entry) {
      CAPTURE(step, entry);
      CHECK(sharded->ParametersAt(static_cast<int>(entry)).value() ==
            whole->ParametersAt(placement.replicas()[entry].chunk).value());
    }
    CHECK(evaluated->Evaluate().value() == whole->Evaluate().value());
  }
  const auto verified =
      TrainingSession::Create(JobOf({"1f1b", 2, 4, 4, /*zero=*/1}, {"parallel.verify_replicas_every=1"})).value();
  for (int step = 0; step < 2; ++step) CHECK(verified->Step(step).status() == absl::OkStatus());
}

TEST_CASE("a bidirectional schedule shards over all replicas of a chunk") {
  CHECK(RunToTheEnd(JobOf({"chimera", 2, 2, 2, /*zero=*/1})) == RunToTheEnd(JobOf({"chimera", 2, 2, 2})));
}

TEST_CASE("a replica that differs in one bit ends the run at the next comparison") {
  const auto run = TrainingSession::Create(JobOf({"1f1b", 2, 2, 2}, {"parallel.verify_replicas_every=2"})).value();
  REQUIRE(run->Step(0).ok());
  REQUIRE(run->Step(1).ok());
  // The weights of the first replica, in its device's arena; the last parameter is in the last chunk. A high bit of the
  // mantissa, since rounding may take away the difference of a low one.
  const std::vector<TensorToWrite> weights = run->Weights().value();
  const_cast<std::byte&>(weights.back().data[2]) ^= std::byte{0x20};
  REQUIRE(run->Step(2).ok());
  const absl::Status status = run->Step(3).status();
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(status.message() ==
        "after step 4 the parameters of chunk 1 on device 3 differ from those on device 1, which should be equal: "
        "memory or a device is damaged");
}

TEST_CASE("replicas evaluate to the same loss, and find the same infinity") {
  const auto one = TrainingSession::Create(JobOf({"1f1b", 2, 1, 4})).value();
  const auto two = TrainingSession::Create(JobOf({"1f1b", 2, 2, 4})).value();
  for (int step = 0; step < 2; ++step) {
    REQUIRE(one->Step(step).ok());
    REQUIRE(two->Step(step).ok());
  }
  CHECK(two->Evaluate().value() == one->Evaluate().value());
}

TEST_CASE("sum groups that split a bidirectional schedule's own replicas are refused") {
  const absl::Status status = TrainingSession::Create(JobOf({"chimera", 2, 2, 4})).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() ==
        "batch.sum_groups: 4 must be parallel.replicas: 2 for chimera, which has 2 replicas of its own");
}

}  // namespace
}  // namespace baton
