// Training over several processes gives the bits of one: losses, norms and weights.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/processes/train_as.h"

namespace baton {
namespace {

TEST_CASE("weights, losses and norms have the bits of one process for every schedule and number of processes") {
  const std::string schedule = GENERATE("1f1b", "gpipe", "interleaved", "zb-v", "chimera", "zb-auto");
  CAPTURE(schedule);
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=4", "run.steps=3", "run.evaluate_every=3",
                                             absl::StrCat("pipeline.schedule=", schedule)});
  const Outcome alone = TrainAlone(job);
  REQUIRE(alone.weights.size() > 10);
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    std::vector<Outcome> outcomes(size);
    AsProcesses(size, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, job); });
    CHECK(outcomes[0] == alone);
    for (int rank = 1; rank < size; ++rank) {
      CHECK(outcomes[rank].gradient_norms == alone.gradient_norms);
      CHECK(outcomes[rank].losses.back() == alone.losses.back());  // held out: known to all
      CHECK(outcomes[rank].weights.empty());
    }
  }
}

TEST_CASE("replicas in several processes have the bits of one replica in one process") {
  const std::vector<std::string> one = {"pipeline.stages=2", "run.steps=2", "batch.sum_groups=2"};
  std::vector<std::string> two = one;
  two.push_back("parallel.replicas=2");
  const Outcome alone = TrainAlone(MakeJob(kSmallGpt, one));
  const proto::Job job = MakeJob(kSmallGpt, two);
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    std::vector<Outcome> outcomes(size);
    AsProcesses(size, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, job); });
    CHECK(outcomes[0] == alone);
  }
}

TEST_CASE("batches that grow over replicas in several processes have the bits of one replica") {
  const std::vector<std::string> one = {
      "pipeline.stages=2", "run.steps=3",
      "batch={sequences: 16 micro_batches: 8 sum_groups: 2 ramp { from: 4 by: 8 every_steps: 1 }}"};
  std::vector<std::string> two = one;
  two.push_back("parallel.replicas=2");
  const Outcome alone = TrainAlone(MakeJob(kSmallGpt, one));
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    CHECK(TrainIn(size, MakeJob(kSmallGpt, two)) == alone);
  }
}

TEST_CASE("layers over several devices of a process have the bits of one process, however stages are dealt") {
  const std::string slices = GENERATE("parallel.tensor_sequence=false", "parallel.tensor_sequence=true");
  CAPTURE(slices);
  const std::string vocabulary = "model.gpt2.vocabulary=257";  // padded
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=4", "parallel.tensor=2", "run.steps=3",
                                             "run.evaluate_every=3", "batch.sum_groups=2", slices, vocabulary});
  const Outcome alone = TrainAlone(job);
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    std::vector<Outcome> outcomes(size);
    AsProcesses(size, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, job); });
    CHECK(outcomes[0] == alone);
  }
  const proto::Job uneven =
      MakeJob(kSmallGpt, {"pipeline.stages=2", "parallel={replicas: 2 tensor: 2}", "run.steps=3",
                          "run.evaluate_every=3", "devices.per_process=[2, 6]", slices, vocabulary});
  std::vector<Outcome> outcomes(2);
  AsProcesses(2, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, uneven); });
  CHECK(outcomes[0] == alone);
}

TEST_CASE("layers over devices of several processes have the bits of one process") {
  const std::string slices = GENERATE("parallel.tensor_sequence=false", "parallel.tensor_sequence=true");
  CAPTURE(slices);
  const std::string vocabulary = "model.gpt2.vocabulary=257";  // padded
  const auto job = [&](const std::vector<std::string>& more) {
    std::vector<std::string> overrides = {"run.steps=3", "run.evaluate_every=3", "batch.sum_groups=2", slices,
                                          vocabulary};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return MakeJob(kSmallGpt, overrides);
  };
  const Outcome two = TrainAlone(job({"pipeline.stages=2", "parallel.tensor=2"}));
  REQUIRE(two.weights.size() > 10);
  const auto check = [&](int size, const proto::Job& each, const Outcome& alone) {
    CAPTURE(size);
    std::vector<Outcome> outcomes(size);
    AsProcesses(size, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, each); });
    CHECK(outcomes[0] == alone);
    for (int rank = 1; rank < size; ++rank) {
      CHECK(outcomes[rank].gradient_norms == alone.gradient_norms);
      CHECK(outcomes[rank].losses.back() == alone.losses.back());  // held out: known to all
      CHECK(outcomes[rank].weights.empty());
    }
  };
  check(2, job({"pipeline.stages=1", "parallel.tensor=2"}), two);
  check(4, job({"pipeline.stages=2", "parallel.tensor=2"}), two);
  check(4, job({"pipeline.stages=2", "parallel.tensor=2", "devices.per_process=[1, 1, 1, 1]"}), two);
  check(4, job({"pipeline.stages=1", "parallel={replicas: 2 tensor: 2}", slices}), two);
  const Outcome four = TrainAlone(job({"pipeline.stages=2", "parallel.tensor=4", "model.gpt2.heads=4"}));
  check(2, job({"pipeline.stages=1", "parallel.tensor=4", "model.gpt2.heads=4"}), four);
  check(4, job({"pipeline.stages=2", "parallel.tensor=4", "model.gpt2.heads=4"}), four);
  check(4, job({"pipeline.stages=1", "parallel.tensor=4", "model.gpt2.heads=4"}), four);
}

TEST_CASE("members of a group that are dealt otherwise are refused in each process") {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"pipeline.stages=2", "parallel.tensor=2", "devices.per_process=[1, 3]"},
       "parallel.tensor: 2 with devices.per_process: [1, 3]: each process needs whole stages of 2 devices, or all of "
       "them an equal part of a stage, as 4 processes have"}};
  for (const auto& [overrides, message] : cases) {
    const proto::Job job = MakeJob(kSmallGpt, overrides);
    std::vector<absl::Status> statuses(2);
    AsProcesses(2, [&](Control& control) {
      absl::Status& status = statuses[control.rank()];
      status = control.Barrier();  // or one fails before the other has joined
      if (!status.ok()) return;    // the other one was refused at once
      SessionOptions options;
      options.control = &control;
      status = TrainingSession::Create(job, options).status();
    });
    bool is_named = false;
    for (const absl::Status& status : statuses) {
      CHECK_FALSE(status.ok());
      is_named = is_named || absl::StrContains(status.message(), message);
    }
    CAPTURE(message, statuses[0].ToString(), statuses[1].ToString());
    CHECK(is_named);
  }
}

TEST_CASE("devices.per_process deals the devices") {
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=4", "devices.per_process=[1, 3]", "run.steps=2"});
  std::vector<Outcome> outcomes(2);
  AsProcesses(2, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, job); });
  CHECK(outcomes[0] == TrainAlone(job));
}

TEST_CASE("rank 0 has the trace of all devices on one clock") {
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=4", "run.steps=2"});
  AsProcesses(2, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const auto session = TrainingSession::Create(job, options).value();
    REQUIRE(session->Step(0).ok());
    if (control.rank() > 0) return;
    const Trace& trace = session->trace();
    for (int device = 0; device < 4; ++device) {
      REQUIRE(trace.devices[device].size() == session->program().devices[device].instructions.size());
      for (const Interval& interval : trace.devices[device]) {
        CHECK(0 <= interval.ready);
        CHECK(interval.ready <= interval.start);
        CHECK(interval.start <= interval.end);
      }
    }
    // The last device cannot begin its first Forward before the first one has ended its own.
    CHECK(StepTimeOf(trace) > 0);
  });
}

TEST_CASE("processes with other data than rank 0 are named, in all of them") {
  std::vector<std::string> messages(3);
  AsProcesses(3, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    const std::string other = control.rank() == 2 ? "tests/processes/training_test.cc" : "tests/data/handbook.txt";
    const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=3", "data.text=" + other});
    messages[control.rank()] = std::string(TrainingSession::Create(job, options).status().message());
  });
  for (const std::string& message : messages) {
    CHECK(absl::StrContains(message, "data.text: rank 2 ("));
    CHECK(absl::StrContains(message, ") has other contents there than rank 0 ("));
  }
}

TEST_CASE("what is wrong in a run over several processes is one sentence in all of them") {
  struct Wrong {
    std::vector<std::string> overrides;
    std::string message;
  };
  const Wrong wrong = GENERATE(
      Wrong{{"pipeline.stages=2"}, "devices.count: 2 for 3 processes, which need a device each; start at most 2"},
      Wrong{{"pipeline.stages=4", "devices.per_process=[2, 2]"},
            "devices.per_process: has 2 entries, but the run has 3 processes"});
  const proto::Job job = MakeJob(kSmallGpt, wrong.overrides);
  std::vector<std::string> messages(3);
  const std::vector<absl::Status> joined = AsProcesses(3, [&](Control& control) {
    SessionOptions options;
    options.control = &control;
    messages[control.rank()] = std::string(TrainingSession::Create(job, options).status().message());
  });
  for (int rank = 0; rank < 3; ++rank) {
    CAPTURE(rank);
    // A process that joins after rank 0 has failed is told so at once.
    const std::string message = joined[rank].ok() ? messages[rank] : std::string(joined[rank].message());
    CHECK(absl::StrContains(message, wrong.message));
  }
}

}  // namespace
}  // namespace baton
