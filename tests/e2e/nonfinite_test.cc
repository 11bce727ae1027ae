// Steps whose numbers are not finite change nothing, whatever the schedule and the device, and say where it began.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/train/trainer.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// The first update makes the weights so large that the second step overflows.
std::vector<std::string> Exploding(const std::string& schedule, int stages, double clip_norm) {
  return {"optimizer.adamw.learning_rate=1000",
          "optimizer.warmup_steps=0",
          "optimizer.decay=CONSTANT",
          "model.gpt2.width=64",
          "batch.micro_batches=8",
          absl::StrCat("optimizer.clip_norm=", clip_norm),
          absl::StrCat("pipeline.schedule=", schedule),
          absl::StrCat("pipeline.stages=", stages)};
}

std::map<std::string, std::vector<std::byte>> WeightsOf(TrainingSession& run) {
  std::map<std::string, std::vector<std::byte>> weights;
  const std::vector<TensorToWrite> tensors = run.Weights().value();
  for (const TensorToWrite& tensor : tensors) {
    weights[tensor.name].assign(tensor.data, tensor.data + tensor.shape.NumBytes());
  }
  return weights;
}

TEST_CASE("a step that overflows is not applied, on any device") {
  const double clip_norm = GENERATE(0.0, 1.0);
  const std::string schedule = GENERATE("1f1b", "zb-h1", "chimera");
  const int stages = schedule == "chimera" ? 4 : GENERATE(1, 2);
  CAPTURE(clip_norm, schedule, stages);
  const auto run = TrainingSession::Create(MakeJob(kSmallGpt, Exploding(schedule, stages, clip_norm))).value();
  int num_dropped = 0;
  for (int step = 0; step < 12 && num_dropped < 2; ++step) {
    const auto before = WeightsOf(*run);
    const StepResult result = run->Step(step).value();
    CHECK(result.applied == std::isfinite(result.gradient_norm));
    CHECK((WeightsOf(*run) == before) != result.applied);  // in parentheses, so that a failure does not print them
    if (result.applied) continue;
    ++num_dropped;
    const NonfiniteOrigin origin = run->FindNonfinite(step).value();
    CHECK(origin.chunk >= 0);
    CHECK(origin.micro_batch >= 0);
    CHECK((WeightsOf(*run) == before));
  }
  CHECK(num_dropped > 0);
}

TEST_CASE("replicas drop an overflowing step together, and go on equal") {
  std::vector<std::string> overrides = Exploding("1f1b", 2, 1.0);
  overrides.push_back("batch.sum_groups=2");
  const auto one = TrainingSession::Create(MakeJob(kSmallGpt, overrides)).value();
  overrides.push_back("parallel.replicas=2");
  const auto two = TrainingSession::Create(MakeJob(kSmallGpt, overrides)).value();
  int num_dropped = 0;
  for (int step = 0; step < 6; ++step) {
    const StepResult result = two->Step(step).value();
    CHECK(result.applied == one->Step(step).value().applied);
    num_dropped += result.applied ? 0 : 1;
    CHECK((WeightsOf(*two) == WeightsOf(*one)));
    for (int entry = 0; entry < 4; ++entry) {
      CHECK((two->ParametersAt(entry).value() == two->ParametersAt(entry % 2).value()));
    }
  }
  CHECK(num_dropped > 0);
}

TEST_CASE("the micro-batch where numbers stop being finite is the same for every split") {
  const auto unsplit = TrainingSession::Create(MakeJob(kSmallGpt, Exploding("naive", 1, 0))).value();
  REQUIRE(unsplit->Step(0).ok());
  REQUIRE_FALSE(unsplit->Step(1).value().applied);
  const NonfiniteOrigin expected = unsplit->FindNonfinite(1).value();
  CHECK(expected.chunk == 0);
  for (const char* schedule : {"1f1b", "gpipe", "zb-h1"}) {
    const auto run = TrainingSession::Create(MakeJob(kSmallGpt, Exploding(schedule, 4, 0))).value();
    REQUIRE(run->Step(0).ok());
    REQUIRE_FALSE(run->Step(1).value().applied);
    const NonfiniteOrigin origin = run->FindNonfinite(1).value();
    CAPTURE(schedule, origin.chunk);
    CHECK(origin.micro_batch == expected.micro_batch);
    CHECK(origin.loss_micro_batch == expected.loss_micro_batch);
  }
}

TEST_CASE("an examination leaves no trace in a step that follows") {
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=2"});
  const auto run = TrainingSession::Create(job).value();
  const auto undisturbed = TrainingSession::Create(job).value();
  for (int step = 0; step < 3; ++step) {
    CHECK(run->Step(step).value().loss == undisturbed->Step(step).value().loss);
    // The step is finite, so nothing is found.
    const NonfiniteOrigin origin = run->FindNonfinite(step).value();
    CHECK(origin.chunk == -1);
    CHECK(origin.loss_micro_batch == -1);
  }
  CHECK((WeightsOf(*run) == WeightsOf(*undisturbed)));
}

TEST_CASE("run.on_nonfinite stops training or skips the step, and says so") {
  const bool skips = GENERATE(false, true);
  std::vector<std::string> overrides = Exploding("1f1b", 2, 0);
  overrides.push_back("run.steps=3");
  if (skips) overrides.push_back("run.on_nonfinite=SKIP_STEP");
  std::ostringstream log;
  TrainerOptions options;
  options.log = &log;
  const absl::Status status = Train(MakeJob(kSmallGpt, overrides), options);
  CAPTURE(log.str(), status);
  CHECK(status.ok() == skips);
  const std::string message = skips ? log.str() : std::string(status.message());
  CHECK(absl::StrContains(message, "step 2: the "));
  CHECK(absl::StrContains(message, "; the first gradient that is not finite is that of chunk "));
  CHECK(absl::StrContains(message, " in micro-batch "));
  CHECK(absl::StrContains(log.str(), "update skipped"));
  CHECK(absl::StrContains(log.str(), "step 3/3") == skips);
  CHECK(absl::StrContains(log.str(), "steps whose update was not applied: 2\n") == skips);
}

}  // namespace
}  // namespace baton
