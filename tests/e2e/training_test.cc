// Training as a whole: devices use the planned memory, the loss does not depend on the number of micro-batches, and
// models learn.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("the planned peak is the peak of the arena") {
  for (const ScheduleInfo* schedule : AllSchedules()) {
    for (int stages : {1, 2, 4}) {
      CAPTURE(schedule->name, stages);
      const auto run =
          TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("pipeline.schedule=", std::string(schedule->name)),
                                                      absl::StrCat("pipeline.stages=", stages)}))
              .value();
      REQUIRE(run->Step(0).ok());
      for (int device = 0; device < stages; ++device) {
        CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
      }
    }
  }
}

TEST_CASE("recomputation lowers the peak, and a step still reaches the planned one") {
  for (const char* schedule : {"gpipe", "1f1b", "zb-h1"}) {
    const auto peak = [schedule](const char* mode) {
      const auto run =
          TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("pipeline.schedule=", schedule), "pipeline.stages=2",
                                                      absl::StrCat("pipeline.recompute=", mode)}))
              .value();
      REQUIRE(run->Step(0).ok());
      CHECK(run->PeakArenaBytes(0) == run->program().devices[0].arena_bytes);
      return run->PeakArenaBytes(0);
    };
    CAPTURE(schedule);
    const Bytes none = peak("NONE"), attention = peak("ATTENTION"), full = peak("FULL");
    CHECK(attention < none);
    CHECK(full < attention);
  }
}

TEST_CASE("the loss is a mean over all tokens for every number of micro-batches") {
  const double whole =
      RunToTheEnd(MakeJob(kSmallGpt, {"batch.micro_batches=1", "run.steps=1", "optimizer.warmup_steps=0"})).losses[0];
  CHECK(whole == Approx(std::log(256.0)).epsilon(0.05));  // an untrained model predicts a uniform distribution
  for (int micro_batches : {2, 4, 8}) {
    const Outcome cut =
        RunToTheEnd(MakeJob(kSmallGpt, {absl::StrCat("batch.micro_batches=", micro_batches), "run.steps=1",
                                        "optimizer.warmup_steps=0", "pipeline.stages=2"}));
    CHECK(cut.losses[0] == Approx(whole).epsilon(1e-6));
  }
}

TEST_CASE("a small GPT learns text") {
  const auto run =
      TrainingSession::Create(MakeJob(kSmallGpt, {"run.steps=150", "pipeline.stages=4", "optimizer.warmup_steps=10"}))
          .value();
  const double untrained = run->Evaluate().value();
  CHECK(untrained == Approx(std::log(256.0)).epsilon(0.05));
  double loss = 0;
  for (int step = 0; step < 150; ++step) loss = run->Step(step).value().loss;
  CHECK(loss < 3.5);
  CHECK(run->Evaluate().value() < 3.5);
}

TEST_CASE("the replicas of a tied parameter stay equal, on one device and on two") {
  constexpr size_t kBytes =
      256 * 16 * sizeof(float);  // wte.weight: [256, 16], first in the first chunk, last in the last
  for (const int stages : {1, 4}) {
    CAPTURE(stages);
    const auto run = TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("pipeline.stages=", stages)})).value();
    const auto embedding = [&] {
      const std::vector<std::byte> chunk = run->ParametersAt(0).value();
      return std::vector<std::byte>(chunk.begin(), chunk.begin() + kBytes);
    };
    const auto head = [&] {
      const std::vector<std::byte> chunk = run->ParametersAt(stages - 1).value();
      return std::vector<std::byte>(chunk.end() - kBytes, chunk.end());
    };
    const std::vector<std::byte> before = embedding();
    REQUIRE(before == head());
    for (int step = 0; step < 3; ++step) {
      REQUIRE(run->Step(step).ok());
      CHECK(embedding() == head());
    }
    CHECK(embedding() != before);
  }
}

TEST_CASE("an evaluation changes nothing") {
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=3"});
  const auto run = TrainingSession::Create(job).value();
  REQUIRE(run->Step(0).ok());
  const double first = run->Evaluate().value();
  CHECK(run->Evaluate().value() == first);
  const auto undisturbed = TrainingSession::Create(job).value();
  REQUIRE(undisturbed->Step(0).ok());
  CHECK(run->Step(1).value().loss == undisturbed->Step(1).value().loss);
}

TEST_CASE("a small MLP learns to separate clusters") {
  const auto run = TrainingSession::Create(MakeJob(R"(
    model { mlp { sizes: [16, 32, 8] } }
    data { clusters { examples: 512 noise: 0.3 } held_out: 0.25 }
    batch { sequences: 32 micro_batches: 4 }
    pipeline { stages: 2 schedule: "gpipe" }
    optimizer { adamw { learning_rate: 1e-2 } }
    run { steps: 60 })"))
                       .value();
  for (int step = 0; step < 60; ++step) REQUIRE(run->Step(step).ok());
  CHECK(run->Evaluate().value() < 0.2);
}

TEST_CASE("an impossible job is refused before anything starts") {
  // A machine with a GPU takes the job.
  const absl::Status cuda = TrainingSession::Create(MakeJob(kSmallGpt, {"devices.backend=CUDA"})).status();
  CHECK((cuda.ok() || cuda.code() == absl::StatusCode::kUnavailable));
  const absl::Status heads = TrainingSession::Create(MakeJob(kSmallGpt, {"data.text=/no/such/*"})).status();
  CHECK(heads.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("the held-out loss is the mean over every example, whatever the batch") {
  const char* const job = R"(
    model { mlp { sizes: [4, 8, 3] } }
    data { clusters { examples: 20 noise: 1 } held_out: 0.5 }
    batch { sequences: 1 }
    optimizer { adamw { learning_rate: 1e-12 } }
    run { steps: 1 }
  )";
  const auto held_out_loss = [&](int sequences, std::vector<std::string> overrides) {
    overrides.push_back(absl::StrCat("batch.sequences=", sequences));
    const auto run = TrainingSession::Create(MakeJob(job, overrides)).value();
    const double untrained = run->Evaluate().value();
    CHECK(run->Step(0).ok());
    CHECK(run->Evaluate().value() == Approx(untrained).epsilon(1e-6));
    return untrained;
  };
  const double one_by_one = held_out_loss(1, {});
  const int sequences = GENERATE(2, 3, 5, 6, 7, 10, 12, 64);
  CAPTURE(sequences);
  CHECK(held_out_loss(sequences, {}) == Approx(one_by_one).epsilon(1e-6));
  if (sequences % 3 == 0) {
    CHECK(held_out_loss(sequences, {"pipeline.stages=2", "batch.micro_batches=3"}) == Approx(one_by_one).epsilon(1e-6));
  }
  const double first_four = held_out_loss(sequences, {"run.evaluate_at_most=4"});
  CHECK(first_four == Approx(held_out_loss(1, {"run.evaluate_at_most=4"})).epsilon(1e-6));
  CHECK(first_four != Approx(one_by_one).epsilon(1e-6));
  CHECK(held_out_loss(sequences, {"run.evaluate_at_most=1000"}) == Approx(one_by_one).epsilon(1e-6));
}

}  // namespace
}  // namespace baton
