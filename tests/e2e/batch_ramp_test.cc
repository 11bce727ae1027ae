// Training with batches that grow: each size is the program that a job of that size has, on one set of parameters.
#include <catch2/catch.hpp>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

constexpr char kRamp[] = "batch={ sequences: 16 micro_batches: 8 ramp { from: 8 by: 4 every_steps: 2 } }";

TEST_CASE("the first steps of a growing batch are those of a job with the small batch") {
  const std::string schedule = GENERATE("1f1b", "zb-h1", "interleaved");
  CAPTURE(schedule);
  const std::vector<std::string> overrides = {kRamp, "pipeline.stages=2", "run.steps=7",
                                              absl::StrCat("pipeline.schedule=", schedule)};
  const Outcome grows = RunToTheEnd(MakeJob(kSmallGpt, overrides));
  std::vector<std::string> fixed = overrides;
  fixed[0] = "batch={ sequences: 8 micro_batches: 4 }";
  const Outcome small = RunToTheEnd(MakeJob(kSmallGpt, fixed));
  for (int step = 0; step < 2; ++step) {
    CHECK(grows.losses[step] == small.losses[step]);
    CHECK(grows.gradient_norms[step] == small.gradient_norms[step]);
  }
  CHECK(grows.losses[2] != small.losses[2]);
  CHECK(std::isfinite(grows.losses.back()));
}

TEST_CASE("a growing batch trains to the same bits for every split and schedule, with an evaluation between") {
  const auto run = [&](const std::string& schedule, int stages, bool evaluates) {
    const proto::Job job = MakeJob(kSmallGpt, {kRamp, "run.steps=6", absl::StrCat("pipeline.stages=", stages),
                                               absl::StrCat("pipeline.schedule=", schedule)});
    const auto session = TrainingSession::Create(job).value();
    std::vector<double> losses;
    for (int step = 0; step < 6; ++step) {
      CHECK(session->SequencesOfStep(step) == 8 + 4 * (step / 2));
      losses.push_back(session->Step(step).value().loss);
      if (evaluates) CHECK(session->Evaluate().ok());
    }
    return losses;
  };
  const std::vector<double> unsplit = run("naive", 1, false);
  CHECK(run("1f1b", 4, true) == unsplit);
  CHECK(run("zb-h1", 2, false) == unsplit);
}

TEST_CASE("the loss of a small batch is the mean over its own rows") {
  // Untrained, the loss of a byte is near ln 256 for every size.
  const auto session = TrainingSession::Create(MakeJob(kSmallGpt, {kRamp})).value();
  CHECK(session->Step(0).value().loss == Approx(std::log(256.0)).epsilon(0.05));
}

TEST_CASE("a growing batch trains to the same bits with any number of replicas, over which each size is dealt") {
  const auto run = [&](int replicas, int stages, int zero) {
    return RunToTheEnd(MakeJob(
        kSmallGpt, {"batch={ sequences: 32 micro_batches: 16 sum_groups: 4 ramp { from: 8 by: 16 every_steps: 1 } }",
                    "run.steps=3", absl::StrCat("pipeline.stages=", stages),
                    absl::StrCat("parallel={ replicas: ", replicas, " zero: ", zero, " verify_replicas_every: 1 }")}));
  };
  const Outcome one = run(1, 1, 0);
  CHECK(run(2, 1, 0) == one);
  CHECK(run(4, 2, 0) == one);
  CHECK(run(2, 2, 1) == one);
  // The groups of the smaller sizes do change the last bits.
  const Outcome without = RunToTheEnd(MakeJob(
      kSmallGpt, {"batch={ sequences: 32 micro_batches: 16 ramp { from: 8 by: 16 every_steps: 1 } }", "run.steps=3"}));
  CHECK(one.losses[0] == without.losses[0]);
  CHECK(one.gradient_norms[0] != without.gradient_norms[0]);
}

TEST_CASE("the replicas of a bidirectional schedule pass every size") {
  const std::vector<std::string> overrides = {kRamp, "run.steps=5"};
  const Outcome one = RunToTheEnd(MakeJob(kSmallGpt, overrides));
  for (const char* schedule : {"chimera", "dualpipe"}) {
    CAPTURE(schedule);
    std::vector<std::string> two = overrides;
    two.insert(two.end(), {"pipeline.stages=2", absl::StrCat("pipeline.schedule=", schedule)});
    const Outcome outcome = RunToTheEnd(MakeJob(kSmallGpt, two));
    for (int step = 0; step < 5; ++step) CHECK(outcome.losses[step] == Approx(one.losses[step]).epsilon(1e-4));
    CHECK(RunToTheEnd(MakeJob(kSmallGpt, two)) == outcome);
  }
}

}  // namespace
}  // namespace baton
