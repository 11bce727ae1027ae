// Replicas of the pipeline in several processes that share the optimizer state: the bits of whole state, checkpoints
// that any other run goes on from, and replicas that are compared.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/train/save_together.h"
#include "tests/processes/train_as.h"

namespace baton {
namespace {

struct Layout {
  std::string schedule = "1f1b";
  int stages = 2;
  int replicas = 1;
  int zero = 0;
  int processes = 1;
  int tensor = 1;
};

proto::Job JobOf(const Layout& layout, const std::vector<std::string>& more = {}) {
  std::vector<std::string> overrides = {
      absl::StrCat("pipeline.schedule=", layout.schedule), absl::StrCat("pipeline.stages=", layout.stages),
      absl::StrCat("parallel={replicas: ", layout.replicas, " zero: ", layout.zero, " tensor: ", layout.tensor, "}"),
      absl::StrCat("batch={sequences: 8 micro_batches: 8 sum_groups: ", layout.schedule == "chimera" ? 2 : 4, "}"),
      "run.steps=3"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return MakeJob(kSmallGpt, overrides);
}

TEST_CASE("shards in several processes have the bits of whole optimizer state, and of one replica") {
  const std::string schedule = GENERATE("1f1b", "gpipe", "interleaved", "zb-h1", "zb-v", "chimera");
  const bool has_own_replicas = schedule == "chimera";
  const Outcome expected = TrainAlone(JobOf({schedule, 2, has_own_replicas ? 2 : 1}));
  for (const int replicas : has_own_replicas ? std::vector<int>{2} : std::vector<int>{2, 4}) {
    for (const int processes : {1, 2, 3, 4, 2 * replicas}) {
      for (const int zero : {0, 1}) {
        CAPTURE(schedule, replicas, processes, zero);
        CHECK(TrainIn(processes, JobOf({schedule, 2, replicas, zero})) == expected);
      }
    }
  }
}

// Trains as `layout` says from `path`, unless it is empty, to step `last`, and saves that as a checkpoint in `folder`.
Outcome TrainAndSave(const Layout& layout, const std::string& path, int last, const std::string& folder) {
  std::vector<Outcome> outcomes(layout.processes);
  const auto body = [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(JobOf(layout), options).value();
    int64_t first = 0;
    if (!path.empty()) {
      const auto checkpoint = Checkpoint::Open(path).value();
      first = checkpoint->manifest().step();
      if (!session->Restore(*checkpoint).ok()) std::abort();
    }
    Outcome& outcome = outcomes[control.rank()];
    TrainSteps(*session, first, last, outcome);
    AddWeights(*session, outcome);
    StateSnapshot snapshot;
    session->state().Prepare(snapshot);
    if (!session->state().CopyTo(snapshot).ok()) std::abort();
    proto::CheckpointManifest manifest = session->DescribeRun();
    manifest.set_step(last);
    if (!SaveTogether(control, folder, manifest, snapshot.files, absl::OkStatus()).ok()) std::abort();
  };
  if (layout.processes == 1) {
    LoneControl alone;
    body(alone);
  } else {
    AsProcesses(layout.processes, body);
  }
  return outcomes[0];
}

std::string NewFolder() {
  static int count = 0;
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints", count++);
}

// Trains a step in each layout, saves, and goes on in each: all end with the weights of the first one alone. Moments
// are saved in pieces where they are in shards in several processes, and as wholes elsewhere.
void CheckEachGoesOnInEach(const std::vector<Layout>& layouts) {
  const Outcome whole = TrainAlone(JobOf(layouts[0]));
  for (const Layout& before : layouts) {
    const std::string folder = NewFolder();
    (void)TrainAndSave(before, "", 1, folder);
    const std::string path = absl::StrCat(folder, "/", StepName(1));
    const auto checkpoint = Checkpoint::Open(path).value();
    CHECK(checkpoint->Verify().ok());
    CHECK(checkpoint->manifest().version() == (before.zero == 1 && before.processes > 1 ? 2 : 1));
    for (const Layout& after : layouts) {
      CAPTURE(before.replicas, before.zero, before.processes, after.replicas, after.zero, after.processes);
      CHECK(TrainAndSave(after, path, 3, NewFolder()).weights == whole.weights);
    }
  }
}

TEST_CASE("a checkpoint of shards in several processes is gone on from in any other layout") {
  CheckEachGoesOnInEach({{"1f1b", 2, 1, 0, 1},
                         {"1f1b", 2, 2, 1, 2},
                         {"1f1b", 1, 4, 1, 3},
                         {"1f1b", 2, 4, 1, 4},
                         {"1f1b", 2, 2, 0, 3},
                         {"1f1b", 2, 2, 1, 1}});
}

TEST_CASE("a checkpoint of slices in several processes is gone on from in any other layout") {
  CheckEachGoesOnInEach({{"1f1b", 2, 1, 0, 1, 2},
                         {"1f1b", 2, 1, 0, 4, 2},
                         {"1f1b", 1, 2, 0, 4, 2},
                         {"1f1b", 1, 1, 0, 2, 2},
                         {"1f1b", 2, 1, 0, 2, 2}});
}

TEST_CASE("shards of slices in several processes have the bits of one process, and so has what goes on from them") {
  CheckEachGoesOnInEach({{"1f1b", 2, 1, 0, 1, 2},
                         {"1f1b", 2, 2, 1, 1, 2},
                         {"1f1b", 2, 2, 1, 3, 2},
                         {"1f1b", 2, 2, 1, 8, 2},
                         {"1f1b", 1, 4, 1, 8, 2},
                         {"1f1b", 1, 2, 1, 2, 2}});
}

TEST_CASE("processes that have members of a stage share the work of saving") {
  std::vector<Bytes> saved(2);
  AsProcesses(2, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(JobOf({"1f1b", 1, 1, 0, 2, 2}), options).value();
    StateSnapshot snapshot;
    session->state().Prepare(snapshot);
    saved[control.rank()] = static_cast<Bytes>(snapshot.memory.size());
  });
  CAPTURE(saved[0], saved[1]);
  CHECK(std::min(saved[0], saved[1]) > 0.8 * std::max(saved[0], saved[1]));
}

TEST_CASE("members in several processes that differ in one bit end the run in all processes alike") {
  const bool is_cut = GENERATE(false, true);
  CAPTURE(is_cut);
  const proto::Job job = JobOf({"1f1b", 1, 2, 0, 4, 2}, {"parallel.verify_replicas_every=2"});
  std::vector<std::string> messages(4);
  AsProcesses(4, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job, options).value();
    if (!session->Step(0).ok()) return;
    if (control.rank() == 3) {
      // The embedding of tokens is first, and cut in two; that of positions is behind it, and is whole.
      const ReplicaParameters& replica = session->state().replicas()[1];
      const Bytes half = session->state().WholeSpecs()[0].shape.NumBytes() / 2;
      // A high bit of the mantissa, since rounding may take away the difference of a low one.
      replica.parameters[(is_cut ? 0 : half) + 2] ^= std::byte{0x20};
    }
    messages[control.rank()] = session->Step(1).status().ToString();
  });
  for (const std::string& message : messages) {
    CAPTURE(message);
    CHECK(message == messages[0]);
    // The other parameters of the member get other gradients, which its replicas share.
    CHECK(absl::StrContains(message, is_cut ? "after step 2 the " : "after step 2 the uncut parameters of chunk 0 "));
    CHECK(absl::StrContains(message, " on member 1 of device "));
    CHECK(absl::StrContains(message, "which should be equal: memory or a device is damaged"));
  }
}

TEST_CASE("a replica in another process that differs in one bit ends the run in all processes alike") {
  const proto::Job job = JobOf({"1f1b", 2, 2}, {"parallel.verify_replicas_every=2"});
  std::vector<std::string> messages(2);
  AsProcesses(2, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job, options).value();
    if (!session->Step(0).ok()) return;
    if (control.rank() == 0) {
      // In the arena of device 1, which has the last chunk of the first replica.
      const std::vector<TensorToWrite> weights = session->state().Weights().value();
      const_cast<std::byte&>(*weights.back().data) ^= std::byte{1};
    }
    messages[control.rank()] = session->Step(1).status().ToString();
  });
  for (const std::string& message : messages) {
    CHECK(absl::StrContains(message,
                            "DATA_LOSS: after step 2 the parameters of chunk 1 on device 3 (rank 1) differ from those "
                            "on device 1 (rank 0), which should be equal: memory or a device is damaged"));
  }
}

}  // namespace
}  // namespace baton
