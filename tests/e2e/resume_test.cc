// A run that goes on from a checkpoint computes the bits of one that was never stopped, whatever the stop point, and
// whatever the stages, split, schedule and recomputation before and after it.
#include "runtime/train/resume.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/hugging_face/weights_out.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

constexpr int kSteps = 5;
constexpr int kRuns = 60;

std::string NewFolder() {
  static int count = 0;
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints", count++);
}

proto::Job JobOf(std::vector<std::string> overrides) {
  overrides.push_back(absl::StrCat("run.steps=", kSteps));
  return MakeJob(kSmallGpt, overrides);
}

// Runs steps [first, last) and adds their numbers to `outcome`.
void RunSteps(TrainingSession& session, int first, int last, Outcome& outcome) {
  for (int step = first; step < last; ++step) {
    const StepResult result = session.Step(step).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
}

std::string Save(TrainingSession& session, int step, int skipped_steps = 0) {
  const std::string folder = NewFolder();
  StateSnapshot snapshot;
  session.state().Prepare(snapshot);
  REQUIRE(session.state().CopyTo(snapshot).ok());
  proto::CheckpointManifest manifest = session.DescribeRun();
  manifest.set_step(step);
  manifest.set_skipped_steps(skipped_steps);
  REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files) == absl::OkStatus());
  return folder + "/" + StepName(step);
}

// `before` until `stop`, then `after` from a checkpoint.
Outcome StopAndGoOn(const proto::Job& before, int stop, const proto::Job& after) {
  Outcome outcome;
  std::string path;
  {
    const auto session = TrainingSession::Create(before).value();
    RunSteps(*session, 0, stop, outcome);
    path = Save(*session, stop);
  }
  const auto checkpoint = Checkpoint::Open(path).value();
  REQUIRE(CheckJob(*checkpoint, after, {}) == absl::OkStatus());
  const auto session = TrainingSession::Create(after).value();
  REQUIRE(CheckSession(*checkpoint, session->DescribeRun(), {}, [](const std::string&) {}) == absl::OkStatus());
  REQUIRE(session->Restore(*checkpoint) == absl::OkStatus());
  RunSteps(*session, stop, kSteps, outcome);
  const std::vector<TensorToWrite> weights = session->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
  return outcome;
}

TEST_CASE("a run goes on with other replicas of the pipeline, with sharded optimizer state or whole") {
  struct Layout {
    int stages, replicas, zero;
  };
  const auto job = [](const Layout& layout) {
    return JobOf({"batch={sequences: 8 micro_batches: 4 sum_groups: 4}",
                  absl::StrCat("pipeline.stages=", layout.stages),
                  absl::StrCat("parallel={replicas: ", layout.replicas, " zero: ", layout.zero, "}")});
  };
  const Layout layouts[] = {{1, 1, 0}, {2, 2, 1}, {1, 4, 1}, {2, 2, 0}};
  const Outcome whole = RunToTheEnd(job(layouts[0]));
  for (const Layout& before : layouts) {
    for (const Layout& after : layouts) {
      CAPTURE(before.replicas, before.zero, after.replicas, after.zero);
      CHECK(StopAndGoOn(job(before), 2, job(after)) == whole);
    }
  }
}

// A way to run the 8 layers of kSmallGpt, drawn at random.
std::vector<std::string> DrawSettings(std::mt19937_64& random) {
  std::vector<const ScheduleInfo*> schedules;
  for (const ScheduleInfo* schedule : AllSchedules()) {
    if (!schedule->has_replicas) schedules.push_back(schedule);
  }
  const ScheduleInfo& schedule = *schedules[random() % schedules.size()];
  const int stages = 1 << random() % (schedule.default_chunks > 1 ? 3 : 4);
  std::vector<std::string> settings = {absl::StrCat("pipeline.schedule=", std::string(schedule.name)),
                                       absl::StrCat("pipeline.stages=", stages)};
  const char* const recompute[] = {"NONE", "ATTENTION", "FULL"};
  settings.push_back(absl::StrCat("pipeline.recompute=", recompute[random() % 3]));
  const int chunks = stages * schedule.default_chunks;
  if (chunks < 8 && random() % 2 == 0) {
    // One layer a chunk, and the others anywhere.
    std::vector<int> layers(chunks, 1);
    for (int i = chunks; i < 8; ++i) ++layers[random() % chunks];
    settings.push_back(absl::StrCat("pipeline.split.layers=[", absl::StrJoin(layers, ","), "]"));
  }
  return settings;
}

TEST_CASE("stopped anywhere and gone on in any other way, a run has the bits of an undisturbed one") {
  const Outcome undisturbed = RunToTheEnd(JobOf({}));
  std::mt19937_64 random(7);
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<std::string> before = DrawSettings(random), after = DrawSettings(random);
    const int stop = 1 + static_cast<int>(random() % kSteps);
    CAPTURE(run, absl::StrJoin(before, " "), stop, absl::StrJoin(after, " "));
    CHECK(StopAndGoOn(JobOf(before), stop, JobOf(after)) == undisturbed);
  }
}

TEST_CASE("a step that was skipped counts for data and learning rate, not for the moments, also after a stop") {
  const proto::Job job = JobOf({});
  const auto whole = TrainingSession::Create(job).value();
  for (int step : {0, 1}) REQUIRE(whole->Step(step).ok());
  // Step 2 was skipped: nothing of it is in the state.
  const std::string path = Save(*whole, 3, /*skipped_steps=*/1), forgetful = Save(*whole, 3);
  const auto losses_from = [&](const std::string& checkpoint) {
    const auto session = TrainingSession::Create(job).value();
    REQUIRE(session->Restore(*Checkpoint::Open(checkpoint).value()).ok());
    return std::vector<double>{session->Step(3).value().loss, session->Step(4).value().loss};
  };
  const std::vector<double> expected = {whole->Step(3).value().loss, whole->Step(4).value().loss};
  CHECK(losses_from(path) == expected);
  CHECK(losses_from(forgetful) != expected);
}

TEST_CASE("schedules with two replicas go on with their own bits") {
  for (const char* schedule : {"chimera", "dualpipe"}) {
    const proto::Job job = JobOf({absl::StrCat("pipeline.schedule=", schedule), "pipeline.stages=4"});
    CHECK(StopAndGoOn(job, 2, job) == RunToTheEnd(job));
  }
}

TEST_CASE("a change between one replica and two is refused") {
  const auto one = TrainingSession::Create(JobOf({"pipeline.stages=2"})).value();
  const auto two = TrainingSession::Create(JobOf({"pipeline.stages=2", "pipeline.schedule=chimera"})).value();
  const auto checkpoint = Checkpoint::Open(Save(*one, 1)).value();
  const auto ignore = [](const std::string&) {};
  CHECK_THAT(std::string(CheckSession(*checkpoint, two->DescribeRun(), {}, ignore).message()),
             Catch::Contains("pipeline.schedule: \"chimera\" must be \"1f1b\""));
  CHECK(CheckSession(*checkpoint, two->DescribeRun(), {"", {"pipeline.schedule"}}, ignore).ok());
}

TEST_CASE("other contents of the same files are refused, and another platform is told") {
  const auto session = TrainingSession::Create(JobOf({})).value();
  const auto checkpoint = Checkpoint::Open(Save(*session, 1)).value();
  std::string said;
  const auto log = [&](const std::string& line) { said += line; };
  proto::CheckpointManifest about = session->DescribeRun();
  REQUIRE(CheckSession(*checkpoint, about, {}, log).ok());
  CHECK(said == "");
  about.set_platform("another machine");
  CHECK(CheckSession(*checkpoint, about, {}, log).ok());
  CHECK_THAT(said, Catch::Contains("this run has another machine"));
  about.set_data_hash("0");
  CHECK_THAT(std::string(CheckSession(*checkpoint, about, {}, log).message()), Catch::Contains("data.text"));
}

TEST_CASE("initial weights are taken from a checkpoint or a weights file, and fit the model") {
  const auto session = TrainingSession::Create(JobOf({})).value();
  Outcome ignored;
  RunSteps(*session, 0, 2, ignored);
  const std::string checkpoint = Save(*session, 2), file = checkpoint + "/weights.safetensors";
  REQUIRE(WriteSafetensors(file, ToHuggingFace(JobOf({}).model(), session->Weights().value()).value()).ok());
  for (const std::string& path : {checkpoint, file}) {
    const auto tuned =
        TrainingSession::Create(JobOf({absl::StrCat("run.initial_weights=", path), "pipeline.stages=2"})).value();
    const std::vector<TensorToWrite> expected = session->Weights().value(), got = tuned->Weights().value();
    REQUIRE(got.size() == expected.size());
    for (size_t i = 0; i < got.size(); ++i) {
      CAPTURE(got[i].name);
      CHECK(std::memcmp(got[i].data, expected[i].data, got[i].shape.NumBytes()) == 0);
    }
    const auto refused = [&](const std::string& change) {
      return std::string(
          TrainingSession::Create(JobOf({absl::StrCat("run.initial_weights=", path), change})).status().message());
    };
    CHECK_THAT(refused("model.gpt2.layers=9"), Catch::StartsWith("run.initial_weights: "));
    CHECK_THAT(refused("model.gpt2.layers=7"), Catch::Contains("h.7."));
    CHECK_THAT(refused("model.gpt2.width=32"), Catch::Contains("wte.weight"));
  }
  // Under Hugging Face's names are Hugging Face's shapes.
  CHECK_THAT(
      std::string(TrainingSession::Create(JobOf({"run.initial_weights=" + checkpoint + "/parameters.safetensors"}))
                      .status()
                      .message()),
      Catch::EndsWith("tensor \"h.0.attn.c_attn.weight\" is [48, 16], but must be [16, 48]"));
  CHECK_THAT(std::string(TrainingSession::Create(JobOf({"run.initial_weights=/no/such"})).status().message()),
             Catch::StartsWith("run.initial_weights: "));
}

}  // namespace
}  // namespace baton
