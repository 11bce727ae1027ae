// Runs over several processes that are stopped: by a signal, by a process that stands still, by command lines or data
// that differ.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/launched_training.h"

namespace baton {
namespace {

constexpr auto kPatience = std::chrono::seconds(50);

// A run that takes long, once it has written some steps.
class LongRun {
 public:
  explicit LongRun(int processes, std::vector<std::string> environment = {},
                   const std::vector<std::string>& train = {}) {
    training.output = NewPath("long");
    training.processes = processes;
    training.environment = std::move(environment);
    training.train = {"--set", "run.steps=100000", "--set", "checkpoint={every: 1000}"};
    training.train.insert(training.train.end(), train.begin(), train.end());
    command = std::make_unique<Command>(ArgumentsOf(training));
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (LossesIn(training.output).size() < 3) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  TrainingToLaunch training;
  std::unique_ptr<Command> command;
};

TEST_CASE("SIGTERM to baton launch stops all processes after the same step, saved") {
  LongRun run(3);
  run.command->Signal(SIGTERM);
  const CommandResult result = run.command->Wait();
  INFO(result.out << result.err);
  CHECK(result.status == 75);
  CHECK(absl::StrContains(result.err, "; the same command with --resume goes on"));
  const size_t steps = LossesIn(run.training.output).size();
  run.training.processes = 2;
  run.training.train = {"--resume", "--allow-change=run.steps", "--set", absl::StrCat("run.steps=", steps + 2),
                        "--set",    "checkpoint={every: 1000}"};
  const CommandResult resumed = Run(run.training);
  INFO(resumed.out << resumed.err);
  CHECK(resumed.status == 0);
  CHECK(LossesIn(run.training.output).size() == steps + 2);
}

TEST_CASE("SIGTERM to one process alone stops all") {
  LongRun run(2);
  const std::vector<pid_t> children = ChildrenOf(run.command->pid());
  REQUIRE(children.size() == 2);
  kill(children[1], SIGTERM);
  const CommandResult result = run.command->Wait();
  INFO(result.out << result.err);
  CHECK(result.status == 75);
}

TEST_CASE("processes that have members of one stage stop after the same step, saved") {
  LongRun run(4, {}, kTwoMembers);
  const std::vector<pid_t> children = ChildrenOf(run.command->pid());
  REQUIRE(children.size() == 4);
  kill(children[3], SIGTERM);
  const CommandResult result = run.command->Wait();
  INFO(result.out << result.err);
  CHECK(result.status == 75);
  const size_t steps = LossesIn(run.training.output).size();
  run.training.train = {"--resume", "--allow-change=run.steps", "--set", absl::StrCat("run.steps=", steps + 2),
                        "--set",    "checkpoint={every: 1000}"};
  run.training.train.insert(run.training.train.end(), kTwoMembers.begin(), kTwoMembers.end());
  const CommandResult resumed = Run(run.training);
  INFO(resumed.out << resumed.err);
  CHECK(resumed.status == 0);
  CHECK(LossesIn(run.training.output).size() == steps + 2);
}

TEST_CASE("a process that stands still within a stage of several ends the run, and is named") {
  LongRun run(4, {}, kTwoMembers);
  const std::vector<pid_t> children = ChildrenOf(run.command->pid());
  REQUIRE(children.size() == 4);
  kill(children[1], SIGSTOP);
  const CommandResult result = run.command->Wait();
  INFO(result.out << result.err);
  CHECK(result.status != 0);
  CHECK(absl::StrContains(result.err, "rank 1"));
  CHECK(absl::StrContains(result.err, "its connection open: it was stopped, or its host is gone"));
}

TEST_CASE("a process that stands still ends the run within the heartbeat, and is named") {
  LongRun run(3);
  const std::vector<pid_t> children = ChildrenOf(run.command->pid());
  REQUIRE(children.size() == 3);
  const int stopped = GENERATE(0, 2);
  kill(children[stopped], SIGSTOP);
  const CommandResult result = run.command->Wait();
  INFO(result.out << result.err);
  CHECK(result.status != 0);
  CHECK(absl::StrContains(result.err, "its connection open: it was stopped, or its host is gone"));
}

TEST_CASE("time limits are rank 0's, and stop all") {
  TrainingToLaunch training;
  training.output = NewPath("limited");
  training.train = {"--set", "run.steps=100000", "--set", "run.time_limit=1"};
  const CommandResult result = Run(training);
  INFO(result.out << result.err);
  CHECK(result.status == 75);
}

TEST_CASE("what is wrong is said once, and by rank 0") {
  struct Wrong {
    std::vector<std::string> train;
    std::string message;
  };
  const Wrong wrong =
      GENERATE(Wrong{{"--set", "pipeline.stages=1"}, "devices.count: 1 for 2 processes, which need a device each"},
               Wrong{{"--set", "batch.sequences=0"}, "batch.sequences: 0 must be at least 1"},
               Wrong{{"--resume=/no/such"}, "baton: --resume: /no/such"});
  TrainingToLaunch training;
  training.output = NewPath("wrong");
  training.train = wrong.train;
  const CommandResult result = Run(training);
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  size_t count = 0;
  for (size_t at = result.err.find(wrong.message); at != std::string::npos;
       at = result.err.find(wrong.message, at + 1)) {
    ++count;
  }
  CHECK(count == 1);
}

}  // namespace
}  // namespace baton
