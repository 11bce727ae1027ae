// The guarantee, for all schedules but those with two replicas: on one backend, with the same number of threads per
// device, weights, losses and gradient norms after N steps are the same bits for every schedule, number of stages and
// split, and equal those of the unsplit run.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

const Outcome& Unsplit() {
  static const Outcome* outcome =
      new Outcome(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=1", "pipeline.schedule=naive"})));
  return *outcome;
}

TEST_CASE("every schedule and number of stages trains to the same bits") {
  REQUIRE(Unsplit().losses.front() > Unsplit().losses.back());
  for (const ScheduleInfo* schedule : AllSchedules()) {
    if (schedule->has_replicas) continue;  // see replicas_test
    for (int stages : {1, 2, 3, 4, 8}) {
      if (stages * schedule->default_chunks > 8) continue;  // there are 8 layers
      CAPTURE(schedule->name, stages);
      const proto::Job job = MakeJob(kSmallGpt, {absl::StrCat("pipeline.schedule=", std::string(schedule->name)),
                                                 absl::StrCat("pipeline.stages=", stages)});
      CHECK(RunToTheEnd(job) == Unsplit());
    }
  }
}

TEST_CASE("what is computed again does not change a bit, whatever the schedule") {
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.has_replicas) continue;
    for (const char* mode : {"ATTENTION", "FULL"}) {
      CAPTURE(schedule.name, mode);
      const std::vector<std::string> changes = {absl::StrCat("pipeline.schedule=", std::string(schedule.name)),
                                                "pipeline.stages=4", absl::StrCat("pipeline.recompute=", mode)};
      CHECK(RunToTheEnd(MakeJob(kSmallGpt, changes)) == Unsplit());
    }
  }
  CHECK(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2", "pipeline.schedule=zb-h1",
                                        "pipeline.recompute_layers=FULL,NONE,ATTENTION,FULL,FULL,FULL,NONE,NONE"})) ==
        Unsplit());
}

TEST_CASE("any split trains to the same bits") {
  for (const char* split : {"[1, 7]", "[7, 1]", "[3, 5]"}) {
    CAPTURE(split);
    CHECK(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2", absl::StrCat("pipeline.split.layers=", split)})) ==
          Unsplit());
  }
}

TEST_CASE("several chunks a device train to the same bits") {
  for (const ScheduleInfo* schedule : AllSchedules()) {
    if (!schedule->takes_chunks) continue;
    CAPTURE(schedule->name);
    CHECK(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2", "pipeline.chunks_per_device=4",
                                          absl::StrCat("pipeline.schedule=", std::string(schedule->name))})) ==
          Unsplit());
  }
}

TEST_CASE("a searched order trains to the same bits, whatever its limit, placement and seed") {
  for (const char* search : {"{ activation_limit_micro_batches: [2, 1.5] moves: 500 seed: 3 }",
                             "{ placement: V activation_limit_micro_batches: 3 moves: 500 }",
                             "{ objective: SPAN weight_activation_fraction: 0.25 moves: 0 }"}) {
    CAPTURE(search);
    CHECK(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2", "pipeline.schedule=zb-auto",
                                          absl::StrCat("pipeline.search=", search)})) == Unsplit());
  }
}

// 24 rows of 90,000 logits are more than 8 MiB.
TEST_CASE("a head in blocks trains to the same bits, whole backward passes and halves, and needs less memory") {
  const auto job = [](const char* stages, const char* schedule, const char* in_blocks) {
    return MakeJob(kSmallGpt, {"model.gpt2.layers=2", "model.gpt2.vocabulary=90000", "run.steps=2",
                               absl::StrCat("pipeline.stages=", stages), absl::StrCat("pipeline.schedule=", schedule),
                               absl::StrCat("devices.head_in_blocks=", in_blocks)});
  };
  const Outcome unsplit = RunToTheEnd(job("1", "naive", "true"));
  for (const char* schedule : {"1f1b", "zb-h1", "zb-v"}) {
    CAPTURE(schedule);
    const bool has_two_chunks = schedule == std::string("zb-v");
    CHECK(RunToTheEnd(job(has_two_chunks ? "1" : "2", schedule, "true")) == unsplit);
  }
  const Outcome whole = RunToTheEnd(job("1", "naive", "false"));
  CHECK_FALSE(whole == unsplit);  // other products, rounded otherwise
  for (size_t step = 0; step < whole.losses.size(); ++step) {
    CHECK(unsplit.losses[step] == Approx(whole.losses[step]).epsilon(1e-5));
    CHECK(unsplit.gradient_norms[step] == Approx(whole.gradient_norms[step]).epsilon(1e-4));
  }
  const auto arena = [&](const char* in_blocks) {
    return TrainingSession::Create(job("2", "1f1b", in_blocks)).value()->program().devices.back().arena_bytes;
  };
  CHECK(arena("false") - arena("true") > 3 * (Bytes{24} * 90000));  // at least three quarters of the logits
}

TEST_CASE("a model whose first and last use of a tied weight share a layer trains the same way twice") {
  const proto::Job job = MakeJob(kSmallGpt, {"model.gpt2.layers=1", "pipeline.stages=1"});
  CHECK(RunToTheEnd(job) == RunToTheEnd(job));
}

TEST_CASE("another seed gives other weights") {
  CHECK_FALSE(RunToTheEnd(MakeJob(kSmallGpt, {"run.seed=2"})) == Unsplit());
}

TEST_CASE("an MLP trains to the same bits on one and on three devices") {
  const char* job = R"(
    model { mlp { sizes: [20, 16, 12, 10] } }
    data { clusters { examples: 100 } }
    batch { sequences: 12 micro_batches: 3 }
    run { steps: 3 })";
  const Outcome unsplit = RunToTheEnd(MakeJob(job, {"pipeline.stages=1"}));
  CHECK(RunToTheEnd(MakeJob(job, {"pipeline.stages=3"})) == unsplit);
  CHECK(RunToTheEnd(MakeJob(job, {"pipeline.stages=2", "pipeline.schedule=gpipe"})) == unsplit);
}

}  // namespace
}  // namespace baton
