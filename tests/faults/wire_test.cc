// A slow, a lossy and a one-way wire between rank 0 and another process: slowness is borne, and a dead wire is found
// within the heartbeat on both sides.
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/launch_options.h"
#include "tests/faults/ranks.h"
#include "tests/faults/relay.h"

namespace baton {
namespace {

constexpr auto kPatience = std::chrono::seconds(50);

// A rehearsal in two processes, of which rank 1 reaches rank 0 by the relay.
struct Rehearsal {
  explicit Rehearsal(int steps) : relay(port) {
    RankToStart rank;
    rank.timeout = "40s";
    rank.arguments = {"rehearse", "--stages=2", "--micro-batches=4", "--forward=5ms", absl::StrCat("--steps=", steps)};
    rank.leader = absl::StrCat("127.0.0.1:", port);
    rank.out = out;
    zero = Start(rank);
    rank.rank = 1;
    rank.leader = absl::StrCat("127.0.0.1:", relay.port());
    rank.out = "";
    one = Start(rank);
  }

  // Until rank 0 has begun to rehearse, which it says once both processes are connected.
  void AwaitBegin() const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!absl::StrContains(ReadWhole(out), "rehearsing")) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const int port = FreeLoopbackPort().value();
  const std::string out = NewPath("rank0");
  Relay relay;
  std::unique_ptr<Command> zero, one;
};

TEST_CASE("a slow and lossy wire is borne") {
  Rehearsal run(3);
  run.relay.SetDelay(std::chrono::milliseconds(30));
  run.relay.LoseOneIn(10);
  const CommandResult zero = run.zero->Wait(), one = run.one->Wait();
  INFO(zero.out << zero.err << one.err);
  CHECK(zero.status == 0);
  CHECK(one.status == 0);
  CHECK(run.relay.bytes(Relay::kUp) > 0);
  CHECK(run.relay.bytes(Relay::kDown) > 0);
}

TEST_CASE("a wire that is cut in one direction is found within the heartbeat") {
  const Relay::Direction direction = GENERATE(Relay::kUp, Relay::kDown);
  CAPTURE(direction);
  Rehearsal run(1000);
  // A cut behind "rehearsing" must not catch the welcome on its way.
  run.relay.SetDelay(std::chrono::milliseconds(300));
  run.AwaitBegin();
  const auto begin = std::chrono::steady_clock::now();
  run.relay.Cut(direction);
  const CommandResult zero = run.zero->Wait(), one = run.one->Wait();
  INFO(zero.err << one.err);
  CHECK(std::chrono::steady_clock::now() - begin < kPatience);
  CHECK(zero.status != 0);
  CHECK(one.status != 0);
  // The process that hears nothing names the other one.
  const CommandResult& deaf = direction == Relay::kUp ? zero : one;
  CHECK(absl::StrContains(deaf.err, direction == Relay::kUp ? "rank 1 (" : "rank 0 ("));
  CHECK(absl::StrContains(deaf.err, "has been silent for "));
  CHECK(absl::StrContains(deaf.err, "its connection open: it was stopped, or its host is gone"));
}

}  // namespace
}  // namespace baton
