// Joining a run, over the simulated network: generations, deadlines, missing ranks, what must be equal, strangers.
#include <catch2/catch.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "runtime/process/testing/simulated_network.h"

namespace baton {
namespace {

// The first of the four bugs of an earlier design: a process of a later generation was refused by a leader that did not
// know that generation yet.
TEST_CASE("a process of a later generation waits for its leader; one of an earlier generation is refused") {
  Net net(2, 1, 0, 1);
  net.Start(HelloOfRank(0, 2, 1));
  const int earlier = net.Start(HelloOfRank(1, 2, 0));
  REQUIRE(net.Run(kJoinTimeout / 2, [&] { return net.processes[earlier].state->phase() == kFailed; }));
  CHECK(absl::StrContains(net.processes[earlier].state->failure()->message(), "this process is a leftover"));
  CHECK_FALSE(net.leader().failure().has_value());
  const int later = net.Start(HelloOfRank(1, 2, 2));
  // The run was started again, so this generation ends; the process goes on asking for its own leader.
  REQUIRE(net.Run(kJoinTimeout / 2, [&] { return net.leader().failure().has_value(); }));
  CHECK(absl::StrContains(net.leader().failure()->message(), "the run was started again"));
  for (int i = 0; i < 100; ++i) net.Step();
  CHECK(net.processes[later].state->phase() == MemberState::Phase::kJoining);
}

// The fourth: the deadline counted from the start of the run, so that each restarted process was dead at birth.
TEST_CASE("the deadline to join counts from a process's own start") {
  const int64_t late = 1000 * kJoinTimeout;
  Net net(2, 5, late, 3);
  net.Start(HelloOfRank(0, 2, 3));
  CHECK_FALSE(net.Run(kJoinTimeout / 2, [&] { return net.leader().failure().has_value(); }));
  net.Start(HelloOfRank(1, 2, 3));
  REQUIRE(net.Run(kJoinTimeout / 2, [&] { return net.AllIn(kRunning); }));
}

TEST_CASE("the ranks that are missing are named") {
  Net net(4, 2);
  net.Start(HelloOfRank(0, 4));
  net.Start(HelloOfRank(2, 4));
  REQUIRE(net.Run(3 * kJoinTimeout, [&] { return net.AllIn(kFailed); }));
  CHECK(absl::StrContains(net.leader().failure()->message(), "in vain for ranks 1, 3 of 4"));
}

TEST_CASE("what must be equal and is not is refused, and ends the start at once") {
  struct Difference {
    void (*change)(proto::Hello&);
    const char* message;
  };
  const std::vector<Difference> table = {
      {[](proto::Hello& hello) { hello.set_version("2"); },
       "rank 1 (host-1, pid 101) has version 2, rank 0 (host-0) has 1"},
      {[](proto::Hello& hello) { hello.set_build_id("c"); }, "has build c, rank 0 (host-0) has b"},
      {[](proto::Hello& hello) { hello.set_size(4); }, "has a world of size 4, rank 0 (host-0) has 3"},
      {[](proto::Hello& hello) { hello.set_job_hash("x"); }, "has the job x"},
      {[](proto::Hello& hello) { hello.set_threads(3); }, "has threads a device: 3"},
      {[](proto::Hello& hello) { hello.set_cpu_features("avx"); }, "has the instruction sets avx"},
      {[](proto::Hello& hello) { hello.set_rank(7); }, "rank 7 is not from 0 to 2"},
      {[](proto::Hello& hello) { hello.set_rank(0); },
       "two processes are rank 0: pid 100 on host-0, and pid 101 on host-1"},
  };
  for (const Difference& row : table) {
    INFO(row.message);
    Net net(3, 4);
    net.Start(HelloOfRank(0, 3));
    for (int i = 0; i < 50; ++i) net.Step();
    proto::Hello hello = HelloOfRank(1, 3);
    row.change(hello);
    net.Start(hello);
    REQUIRE(net.Run(kJoinTimeout / 2, [&] { return net.AllIn(kFailed); }));
    CHECK(absl::StrContains(net.processes[1].state->failure()->message(), row.message));
    CHECK(absl::StrContains(net.leader().failure()->message(), row.message));
  }
}

TEST_CASE("strangers change nothing") {
  Net net(2, 9);
  StartAll(net, 2);
  LeaderState& leader = net.leader();
  std::vector<proto::FromProcess> messages(4);
  messages[0].mutable_part()->set_sequence(5);
  messages[1].mutable_failure()->set_message("x");
  messages[2].mutable_goodbye();
  for (int i = 0; i < 100; ++i) {
    leader.Opened(1'000 + i, net.now);
    leader.Received(1'000 + i, messages[i % 4], net.now);
    leader.Received(5'000 + i, messages[i % 4], net.now);  // never opened
    if (i % 2 == 0) leader.Closed(1'000 + i, net.now);
    net.Step();
  }
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
  CHECK_FALSE(net.leader().failure().has_value());
}

}  // namespace
}  // namespace baton
