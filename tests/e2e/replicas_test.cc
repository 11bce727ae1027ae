// Schedules with two replicas of the parameters. Each replica adds the gradients of its micro-batches in order, then an
// AllReduce adds the two sums. That rounds differently than one sum over all micro-batches: trained weights are close
// to the unsplit run's, not the same bits. Runs still repeat to the bit, and the replicas stay equal to each other.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// Sums in another order differ in the last bits of a float; over the few steps of the job that stays small.
constexpr double kTolerance = 1e-5;

std::vector<std::string> SchedulesWithReplicas() {
  std::vector<std::string> names;
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.has_replicas) names.emplace_back(schedule.name);
  }
  return names;
}

proto::Job JobOf(const std::string& schedule, int stages, int micro_batches = 4) {
  return MakeJob(kSmallGpt, {absl::StrCat("pipeline.schedule=", schedule), absl::StrCat("pipeline.stages=", stages),
                             absl::StrCat("batch.micro_batches=", micro_batches)});
}

TEST_CASE("the catalog has schedules with replicas") { CHECK(SchedulesWithReplicas().size() == 2); }

TEST_CASE("schedules with two replicas train close to the unsplit run, and twice to the same bits") {
  for (int micro_batches : {4, 8}) {
    const Outcome unsplit = RunToTheEnd(JobOf("naive", 1, micro_batches));
    for (const std::string& schedule : SchedulesWithReplicas()) {
      for (int stages : {2, 3, 4, 8}) {
        CAPTURE(schedule, stages, micro_batches);
        const Outcome outcome = RunToTheEnd(JobOf(schedule, stages, micro_batches));
        CHECK(RunToTheEnd(JobOf(schedule, stages, micro_batches)) == outcome);
        for (size_t step = 0; step < unsplit.losses.size(); ++step) {
          CHECK(outcome.losses[step] == Approx(unsplit.losses[step]).epsilon(kTolerance));
          CHECK(outcome.gradient_norms[step] == Approx(unsplit.gradient_norms[step]).epsilon(kTolerance));
        }
        CHECK(Distance(unsplit, outcome) < kTolerance);
      }
    }
  }
}

// Which device has which replica and when its passes run makes no difference: only which micro-batches it adds.
TEST_CASE("with an even number of stages all schedules with two replicas train to the same bits") {
  const Outcome first = RunToTheEnd(JobOf("chimera", 2));
  for (const std::string& schedule : SchedulesWithReplicas()) {
    for (int stages : {2, 4, 8}) {
      CAPTURE(schedule, stages);
      CHECK(RunToTheEnd(JobOf(schedule, stages)) == first);
    }
  }
}

TEST_CASE("a program placed for another transport trains to the same bits") {
  for (const std::string& schedule : SchedulesWithReplicas()) {
    for (int stages : {2, 3, 4}) {
      CAPTURE(schedule, stages);
      const Outcome outcome = RunToTheEnd(JobOf(schedule, stages, 8));
      for (QueueKind queues : {QueueKind::kPerPeer, QueueKind::kPerDevice}) {
        CHECK(RunToTheEnd(JobOf(schedule, stages, 8), {0, queues}) == outcome);
      }
    }
  }
}

TEST_CASE("with one device or one micro-batch there is one replica, and the same bits as unsplit") {
  for (const std::string& schedule : SchedulesWithReplicas()) {
    CAPTURE(schedule);
    CHECK(RunToTheEnd(JobOf(schedule, 1)) == RunToTheEnd(JobOf("naive", 1)));
    CHECK(RunToTheEnd(JobOf(schedule, 3, 1)) == RunToTheEnd(JobOf("naive", 1, 1)));
  }
}

TEST_CASE("the replicas stay equal to the bit") {
  for (const std::string& schedule : SchedulesWithReplicas()) {
    for (int stages : {2, 3, 4}) {
      CAPTURE(schedule, stages);
      const auto run = TrainingSession::Create(JobOf(schedule, stages)).value();
      const Program& program = run->program();
      REQUIRE(program.placement.num_replicas() == 2);
      const std::vector<std::byte> before = run->ParametersAt(0).value();
      for (int step = 0; step < 3; ++step) {
        REQUIRE(run->Step(step).ok());
        const std::vector<ChunkReplica>& replicas = program.placement.replicas();
        for (int index = program.num_chunks; index < static_cast<int>(replicas.size()); ++index) {
          CHECK(run->ParametersAt(index).value() == run->ParametersAt(replicas[index].chunk).value());
        }
      }
      CHECK(run->ParametersAt(0).value() != before);
    }
  }
}

TEST_CASE("an evaluation passes each micro-batch through its replica") {
  const auto unsplit = TrainingSession::Create(JobOf("naive", 1)).value();
  for (const std::string& schedule : SchedulesWithReplicas()) {
    for (int stages : {2, 3}) {
      CAPTURE(schedule, stages);
      const auto run = TrainingSession::Create(JobOf(schedule, stages)).value();
      // Before any step the parameters are the same bits.
      CHECK(run->Evaluate().value() == unsplit->Evaluate().value());
    }
  }
}

}  // namespace
}  // namespace baton
