// Processes under `baton launch` that meet at control, and one of them comes to harm: all end, and the report names it.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/failpoint.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kProgram[] = "tests/faults/control_program";
// Only a hang takes so long.
constexpr auto kPatience = std::chrono::seconds(50);

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// `processes` that go from barrier to barrier; a heartbeat of a second.
class Run {
 public:
  Run(int processes, int restarts, const std::string& barriers, const std::string& mode,
      const std::string& failure = "")
      : out_(NewPath("out")), processes_(processes) {
    setenv("BATON_HEARTBEAT", "1s", 1);
    setenv("BATON_TIMEOUT", "3s", 1);
    setenv("BATON_FAIL", failure.c_str(), 1);
    command_.emplace(std::vector<std::string>{kProgram, "launch", absl::StrCat(processes), absl::StrCat(restarts),
                                              "loop", barriers, mode},
                     out_);
    unsetenv("BATON_FAIL");
  }

  // The pids by rank, once all have joined.
  std::map<int, pid_t> AwaitJoined() const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (Count(ReadWhole(out_), "joined") < processes_) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Pids();
  }
  std::map<int, pid_t> Pids() const {
    std::map<int, pid_t> pids;
    for (const std::string& line : LinesOf(ReadWhole(out_))) {
      const std::vector<std::string> words = Words(line);  // [rank 1] pid 4711 generation 0
      if (words.size() == 6) pids[std::stoi(words[1])] = std::stoi(words[3]);
    }
    return pids;
  }
  void Signal(int signal) const { command_->Signal(signal); }
  // Waits for the launcher, and checks that none of its children is left.
  CommandResult Wait() {
    CommandResult result = command_->Wait();
    for (const auto& [rank, pid] : Pids()) {
      INFO("rank " << rank);
      CHECK(Ended(pid));
    }
    return result;
  }

 private:
  static bool Ended(pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const std::string status = ReadWhole(absl::StrCat("/proc/", pid, "/status"));
      if (status.empty() || absl::StrContains(status, "State:\tZ")) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  const std::string out_;
  std::optional<Command> command_;
  const int processes_;
};

TEST_CASE("undisturbed, all processes end with 0") {
  Run run(4, 0, "50", "live");
  const CommandResult result = run.Wait();
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
}

TEST_CASE(
    "a process that is killed at any instant ends the others, and is named once by the leader and once by launch") {
  std::mt19937_64 random(17);
  for (int attempt = 0; attempt < 8; ++attempt) {
    Run run(3, 0, "0", "live");
    const std::map<int, pid_t> pids = run.AwaitJoined();
    const int victim = attempt % 3;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 50'000));
    kill(pids.at(victim), SIGKILL);
    const CommandResult result = run.Wait();
    INFO(result.err);
    CHECK(result.status == 128 + SIGKILL);
    CHECK(Count(result.err, absl::StrCat("baton: rank ", victim, " (pid ", pids.at(victim),
                                         ") failed first: it was ended by signal 9 (KILL)")) == 1);
    if (victim != 0) CHECK(Count(result.err, "[rank 0] baton: rank ") <= 1);
  }
}

TEST_CASE("a process that is stopped is noticed by its silence") {
  const int victim = GENERATE(0, 1);
  Run run(3, 0, "0", "live");
  const std::map<int, pid_t> pids = run.AwaitJoined();
  kill(pids.at(victim), SIGSTOP);
  const CommandResult result = run.Wait();
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(absl::StrContains(result.err, absl::StrCat("baton: rank ", victim, " (")));
  CHECK(absl::StrContains(result.err, "has been silent for"));
  CHECK(absl::StrContains(result.err, absl::StrCat("baton: rank ", victim, " (pid ", pids.at(victim),
                                                   ") failed first: it did not end when told to")));
}

TEST_CASE("a process that exits, or reports an error, is the first in the report") {
  Run exits(3, 0, "0", "exit");
  const CommandResult exited = exits.Wait();
  INFO(exited.err);
  CHECK(exited.status == 3);
  CHECK(absl::StrContains(exited.err, ") failed first: it ended with status 3"));

  Run aborts(3, 0, "0", "abort");
  const CommandResult aborted = aborts.Wait();
  INFO(aborted.err);
  CHECK(aborted.status == 1);
  CHECK(absl::StrContains(aborted.err, "failed: no disk"));
}

TEST_CASE("no process outlives a launcher that is killed") {
  Run run(3, 0, "0", "live");
  run.AwaitJoined();
  run.Signal(SIGKILL);
  CHECK(run.Wait().status == 128 + SIGKILL);
}

TEST_CASE("the next generation runs to its end") {
  Run run(3, 1, "60", "die");
  const CommandResult result = run.Wait();
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(absl::StrContains(result.err, "rank 1 (pid "));
  CHECK(absl::StrContains(result.err, "baton: restart 1 of 1"));
}

TEST_CASE("wherever a process ends while it joins, works or leaves, all end") {
  const std::string action = GENERATE("kill", "exit", "stop");
  const std::string rank = GENERATE("0", "1");
  int names = 0;
  for (const absl::string_view name : FailpointNames()) {
    if (!absl::StartsWith(name, "control.")) continue;
    ++names;
    const std::string failure = absl::StrCat(rank, ":", name, ":1:", action);
    INFO(failure);
    Run run(3, 0, "20", "live", failure);
    const CommandResult result = run.Wait();
    INFO(result.err);
    CHECK(result.status != 0);
    CHECK(absl::StrContains(result.err, absl::StrCat("baton: rank ", rank, " (pid ")));
  }
  CHECK(names == 5);
}

}  // namespace
}  // namespace baton
