// `baton launch` when its children, or it itself, come to harm: everything ends, and the report names the first.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kProgram[] = "tests/faults/launched_program";
// Only a hang takes so long.
constexpr auto kPatience = std::chrono::seconds(50);

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

std::vector<std::string> Launched(int processes, int restarts, const std::string& rest) {
  std::vector<std::string> arguments = {kProgram, "launch", absl::StrCat(processes), absl::StrCat(restarts)};
  for (const std::string& word : Words(rest)) arguments.push_back(word);
  return arguments;
}

// A launcher, whose children's pids are known once they have all printed them.
class Launcher {
 public:
  Launcher(int processes, int restarts, const std::string& rest)
      : out_(NewPath("out")), command_(Launched(processes, restarts, rest), out_), processes_(processes) {}

  // By rank: those that have printed their pid.
  std::map<int, pid_t> Children() const {
    std::map<int, pid_t> pids;
    for (const std::string& line : LinesOf(ReadWhole(out_))) {
      const std::vector<std::string> words = Words(line);  // [rank 1] pid 4711 generation 0
      if (words.size() == 6) pids[std::stoi(words[1])] = std::stoi(words[3]);
    }
    return pids;
  }
  // All of them.
  std::map<int, pid_t> AwaitChildren() const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (static_cast<int>(Children().size()) < processes_) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Children();
  }
  void Signal(int signal) const { command_.Signal(signal); }
  CommandResult Wait() { return command_.Wait(); }

 private:
  const std::string out_;
  Command command_;
  const int processes_;
};

void CheckGone(const std::map<int, pid_t>& pids) {
  for (const auto& [rank, pid] : pids) {
    INFO("rank " << rank);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    // A zombie of a killed launcher belongs to init, which need not reap it.
    const auto runs = [pid = pid] {
      const std::string status = ReadWhole(absl::StrCat("/proc/", pid, "/status"));
      return !status.empty() && !absl::StrContains(status, "State:\tZ");
    };
    while (runs() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK_FALSE(runs());
  }
}

TEST_CASE("a child that is killed ends the others, and the report names it") {
  Launcher launcher(3, 0, "sleep 0");
  const std::map<int, pid_t> pids = launcher.AwaitChildren();
  kill(pids.at(1), SIGKILL);
  const CommandResult result = launcher.Wait();
  CHECK(result.status == 128 + SIGKILL);
  CHECK(absl::StrContains(result.err, absl::StrCat("baton: rank 1 (pid ", pids.at(1),
                                                   ") failed first: it was ended by signal 9 (KILL)\n")));
  for (const int rank : {0, 2}) {
    CHECK(absl::StrContains(result.err, absl::StrCat("  rank ", rank, " (pid ", pids.at(rank),
                                                     ") was ended by signal 15 (TERM) from baton launch\n")));
  }
  CheckGone(pids);
}

TEST_CASE("the exit status is that of the child that failed") {
  Launcher launcher(2, 0, "exit 1 3");
  const CommandResult result = launcher.Wait();
  // Rank 0 may have ended before it printed anything.
  const std::map<int, pid_t> pids = launcher.Children();
  REQUIRE(pids.count(1) == 1);
  CHECK(result.status == 3);
  CHECK(absl::StrContains(result.err,
                          absl::StrCat("baton: rank 1 (pid ", pids.at(1), ") failed first: it ended with status 3\n")));
  CheckGone(pids);
}

TEST_CASE("a child that was told of a failure does not silence the one that has failed") {
  Launcher launcher(2, 0, "told 1");
  const CommandResult result = launcher.Wait();
  INFO(result.err);
  CHECK(result.status == 4);
  CHECK(absl::StrContains(result.err, "[rank 0] the reason\n"));
  CHECK(absl::StrContains(result.err, ") failed first: it ended with status 4\n"));
}

TEST_CASE("75 stays 75 and is no failure") {
  Launcher launcher(2, 3, "all 0 75");
  const CommandResult result = launcher.Wait();
  CHECK(result.status == 75);
  CHECK(result.err.empty());
}

TEST_CASE("a child that ignores SIGTERM, or is stopped, is killed") {
  const bool stop = GENERATE(false, true);
  Launcher launcher(2, 0, stop ? "sleep 0" : "ignore 0");
  const std::map<int, pid_t> pids = launcher.AwaitChildren();
  if (stop) kill(pids.at(0), SIGSTOP);
  kill(pids.at(1), SIGKILL);
  const CommandResult result = launcher.Wait();
  CHECK(result.status == 128 + SIGKILL);
  CHECK(absl::StrContains(result.err, absl::StrCat("baton: rank 1 (pid ", pids.at(1), ") failed first: ")));
  CHECK(absl::StrContains(result.err, absl::StrCat("  rank 0 (pid ", pids.at(0), ") did not end when told to")));
  CheckGone(pids);
}

TEST_CASE("no child outlives a launcher that is killed") {
  Launcher sleeping(3, 0, "sleep 0");
  const std::map<int, pid_t> pids = sleeping.AwaitChildren();
  sleeping.Signal(SIGKILL);
  CHECK(sleeping.Wait().status == 128 + SIGKILL);
  CheckGone(pids);
}

TEST_CASE("signals are passed on, and nothing is restarted after them") {
  const int signal = GENERATE(SIGTERM, SIGINT, SIGHUP);
  Launcher launcher(2, 5, "sleep 0");
  const std::map<int, pid_t> pids = launcher.AwaitChildren();
  launcher.Signal(signal);
  const CommandResult result = launcher.Wait();
  CHECK(result.status == 128 + signal);
  CHECK_FALSE(absl::StrContains(result.err, "restart"));
  CheckGone(pids);
}

TEST_CASE("all are restarted as the next generation, as often as allowed") {
  Launcher recovers(2, 2, "once 1 9");
  const CommandResult recovered = recovers.Wait();
  CHECK(recovered.status == 0);
  CHECK(absl::StrContains(recovered.err, "baton: restart 1 of 2: all 2 processes start again as generation 1\n"));
  CHECK_FALSE(absl::StrContains(recovered.err, "restart 2"));
  CHECK(absl::StrContains(recovered.out, "[rank 0] pid "));
  CHECK(absl::StrContains(recovered.out, " generation 0\n"));
  CHECK(absl::StrContains(recovered.out, " generation 1\n"));

  Launcher never(2, 2, "exit 0 9");
  const CommandResult failed = never.Wait();
  CHECK(failed.status == 9);
  CHECK(absl::StrContains(failed.err, "restart 2 of 2"));

  Launcher refused(2, 2, "all 0 2");
  const CommandResult invalid = refused.Wait();
  CHECK(invalid.status == 2);
  CHECK_FALSE(absl::StrContains(invalid.err, "restart"));
}

TEST_CASE("output is whole lines with the rank before them") {
  Launcher launcher(3, 0, "lines 0");
  const CommandResult result = launcher.Wait();
  CHECK(result.status == 0);
  std::map<std::string, std::vector<std::string>> lines;
  for (const std::string& line : LinesOf(result.out)) {
    REQUIRE(absl::StartsWith(line, "[rank "));
    lines[line.substr(0, 9)].push_back(line.substr(9));
  }
  REQUIRE(lines.size() == 3);
  for (const auto& [prefix, rest] : lines) {
    REQUIRE(rest.size() == 202);
    for (int i = 0; i < 200; ++i) CHECK(rest[i + 1] == absl::StrCat("line ", i, std::string(i, '.')));
    CHECK(rest.back() == "the end");
  }
}

}  // namespace
}  // namespace baton
