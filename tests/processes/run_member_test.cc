// How the processes of a run end together. Each case runs in a forked process, since one of them ends it.
#include "runtime/process/run_member.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "runtime/process/agreed.h"
#include "runtime/process/child_end.h"
#include "runtime/process/launch_options.h"

namespace baton {
namespace {

constexpr int kSize = 2;

// The ends of two processes that run `body`, by rank.
std::vector<MemberEnd> RunBoth(const std::function<absl::Status(Control&)>& body) {
  const int port = FreeLoopbackPort().value();
  setenv("BATON_TOKEN", "secret", 1);
  std::vector<MemberEnd> ends(kSize);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kSize; ++rank) {
    threads.emplace_back([&, rank] {
      World world;
      world.rank = world.local_rank = rank;
      world.size = world.local_size = kSize;
      world.leader = {"127.0.0.1", port};
      ends[rank] = RunMember(
          world, HelloOf(world, "test"), [](const std::string&) {}, body);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return ends;
}

// The exit status of a process that runs `body` and otherwise ends with its result.
int StatusOfFork(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_CASE("all end well, and none is silent about it") {
  CHECK(StatusOfFork([] {
          const auto ends = RunBoth([](Control& control) { return control.Barrier(); });
          return ends[0].status.ok() && ends[1].status.ok();
        }) == 0);
}

TEST_CASE("an error of one process is its own there, and a failure of another one here") {
  CHECK(StatusOfFork([] {
          const auto ends = RunBoth([](Control& control) {
            return control.rank() == 1 ? absl::DataLossError("no disk") : control.Barrier();
          });
          return ends[1].status == absl::DataLossError("no disk") && ends[1].is_silent && !ends[0].is_silent &&
                 absl::IsCancelled(ends[0].status) && absl::StrContains(ends[0].status.message(), "failed: no disk");
        }) == 0);
}

TEST_CASE("what all agree on is no failure, and rank 0 says it") {
  CHECK(StatusOfFork([] {
          const auto ends = RunBoth([](Control& control) { return AgreedByAll(absl::AbortedError("stopped")); });
          return absl::IsAborted(ends[0].status) && absl::IsAborted(ends[1].status) && !ends[0].is_silent &&
                 ends[1].is_silent;
        }) == 0);
}

TEST_CASE("a process whose computation never ends is ended after a failure of another one") {
  CHECK(StatusOfFork([] {
          RunBoth([](Control& control) {
            for (volatile bool forever = true; forever && control.rank() == 0;) {
            }
            return absl::DataLossError("no disk");
          });
          return false;
        }) == kExitPeerFailed);
}

}  // namespace
}  // namespace baton
