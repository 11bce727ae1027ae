// The state machines of control without sockets: a simulated network delivers their messages in random order between
// streams, in order within one, at random virtual times; processes are killed, stopped and restarted at random.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/testing/simulated_network.h"

namespace baton {
namespace {

// Those of rank 1 need several messages.
std::string BytesOf(int rank) { return std::string(rank == 1 ? 300'000 : rank * 1000, static_cast<char>('a' + rank)); }

TEST_CASE("whatever the order of messages, all join, gather, exchange, and leave") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    const int size = 2 + static_cast<int>(seed % 5);
    Net net(size, seed);
    StartAll(net, size);
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
    std::vector<int64_t> gathers, exchanges;
    for (int rank = 0; rank < size; ++rank) {
      MemberState& state = *net.processes[rank].state;
      gathers.push_back(state.StartCollective(proto::GATHER, 0, BytesOf(rank)));
      exchanges.push_back(state.StartCollective(proto::EXCHANGE, 0, absl::StrCat("address ", rank)));
    }
    std::vector<std::vector<std::string>> results(size);
    std::optional<std::vector<std::string>> gathered;
    REQUIRE(net.Run(kJoinTimeout, [&] {
      bool all = true;
      for (int rank = 0; rank < size; ++rank) {
        if (results[rank].empty()) {
          results[rank] =
              net.processes[rank].state->TakeResult(0, exchanges[rank]).value_or(std::vector<std::string>());
        }
        all = all && !results[rank].empty();
      }
      if (!gathered.has_value()) gathered = net.processes[0].state->TakeResult(0, gathers[0]);
      return all && gathered.has_value();
    }));
    for (int rank = 0; rank < size; ++rank) {
      CHECK(gathered->at(rank) == BytesOf(rank));
      for (int other = 0; other < size; ++other) CHECK(results[rank][other] == absl::StrCat("address ", other));
    }
    for (auto& process : net.processes) process.state->Leave();
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.leader().AllLeft(); }));
    CHECK_FALSE(net.leader().failure().has_value());
    CHECK(net.AllIn(kLeft));
  }
}

TEST_CASE("a process killed or stopped at any instant ends all others, who name it") {
  int killed = 0, stopped = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    INFO("seed " << seed);
    const int size = 2 + static_cast<int>(seed % 4);
    Net net(size, seed);
    StartAll(net, size);
    for (int i = net.random() % 400; i > 0; --i) net.Step();
    const int victim = 1 + static_cast<int>(net.random() % (size - 1));
    const bool joined = net.processes[victim].state->phase() == kRunning;
    const bool stop = net.random() % 2 == 0;
    if (stop) {
      net.processes[victim].stopped = true;
    } else {
      net.Kill(victim);
    }
    (stop ? stopped : killed) += joined ? 1 : 0;
    REQUIRE(net.Run(2 * kJoinTimeout, [&] { return net.AllIn(kFailed); }));
    for (int rank = 0; rank < size; ++rank) {
      if (rank == victim || !joined) continue;
      const MemberState& state = *net.processes[rank].state;
      CHECK(state.failure()->rank() == victim);
      CHECK(absl::StrContains(state.failure()->message(), stop ? "has been silent for" : "ended without a word"));
      CHECK(state.failure_is_shared());
    }
  }
  CHECK(killed > 20);
  CHECK(stopped > 20);
}

TEST_CASE("a process whose leader is gone ends too") {
  Net net(3, 7);
  StartAll(net, 3);
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
  MemberState& killed = *net.processes[1].state;
  killed.Disconnected("", net.now);
  CHECK(killed.phase() == kFailed);
  CHECK(killed.failure()->rank() == 0);
  CHECK_FALSE(killed.failure_is_shared());
  MemberState& silent = *net.processes[2].state;
  for (int64_t ms = 0; ms < 3 * kSilence / kMs; ms += 100) silent.Tick(net.now + ms * kMs);
  CHECK(silent.phase() == kFailed);
  CHECK(absl::StrContains(silent.failure()->message(), "has been silent for 1."));
}

TEST_CASE("nobody is blamed for a pause of the process itself") {
  Net net(2, 3);
  StartAll(net, 2);
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
  net.now += 20 * kSilence;  // the whole host slept
  CHECK_FALSE(net.Run(5 * kSilence, [&] { return net.leader().failure().has_value(); }));
}

// The second: an abort between the check for one and the wait left the wait for ever.
TEST_CASE("a failure that comes before an operation starts, or at the same instant, ends it") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    Net net(3, seed);
    StartAll(net, 3);
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
    net.processes[1].state->ReportFailure("failed: disk", -1);
    for (int i = net.random() % 30; i > 0; --i) net.Step();
    net.processes[2].state->StartCollective(proto::BARRIER, 0, "");
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kFailed); }));
    for (const auto& process : net.processes) CHECK(process.state->failure()->rank() == 1);
  }
}

// The third: a process that saw a broken connection while all lived told nobody.
TEST_CASE("a broken connection between two living processes ends all; if one of them has died, it is named instead") {
  const bool died = GENERATE(false, true);
  int noticed = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    Net net(4, seed);
    StartAll(net, 4);
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
    net.processes[1].state->ReportFailure("failed: connection to rank 3 is broken", 3);
    for (int i = 0; i < 40; ++i) net.Step();
    if (died) net.Kill(3);
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kFailed); }));
    const proto::Failure failure = *net.processes[2].state->failure();
    if (!died) {
      CHECK(failure.rank() == 1);
      continue;
    }
    CHECK(failure.rank() == 3);
    CHECK(absl::StrContains(failure.message(), "ended without a word"));
    noticed += absl::StrContains(failure.message(), "noticed it first: failed: connection to rank 3 is broken");
  }
  CHECK((noticed > 10) == died);
}

TEST_CASE("operations that do not fit each other are a failure, and so is more data than fits") {
  Net net(2, 11);
  StartAll(net, 2);
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
  const bool large = GENERATE(false, true);
  net.processes[0].state->StartCollective(proto::BARRIER, 0, "");
  net.processes[1].state->StartCollective(large ? proto::BARRIER : proto::GATHER, 0,
                                          large ? std::string(2 << 20, 'x') : "");
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kFailed); }));
  const std::string message = net.leader().failure()->message();
  CHECK(absl::StrContains(message, large ? "more than 1048576 bytes wait" : "as operation 0 of channel 0"));
}

TEST_CASE("waiting for a process that has left is a failure") {
  Net net(3, 13);
  StartAll(net, 3);
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
  net.processes[1].state->Leave();
  net.processes[2].state->StartCollective(proto::BARRIER, 0, "");
  REQUIRE(net.Run(kJoinTimeout, [&] { return net.processes[2].state->phase() == kFailed; }));
  CHECK(net.leader().failure()->rank() == 1);
}

TEST_CASE("all processes stop before the same step, which none of them has begun") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const int size = 2 + static_cast<int>(seed % 3);
    Net net(size, seed);
    StartAll(net, size);
    REQUIRE(net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); }));
    std::vector<int64_t> begun(size, 0);
    std::vector<bool> stopped(size, false);
    const int asker = static_cast<int>(net.random() % size);
    int events = static_cast<int>(net.random() % 200);
    REQUIRE(net.Run(kJoinTimeout, [&] {
      if (events-- == 0) net.processes[asker].state->RequestStop();
      const int rank = static_cast<int>(net.random() % size);
      const std::optional<bool> may = net.processes[rank].state->MayBegin(begun[rank]);
      if (may == true) ++begun[rank];
      if (may == false) {
        stopped[rank] = true;
        net.processes[rank].state->Leave();
      }
      return std::find(stopped.begin(), stopped.end(), false) == stopped.end();
    }));
    for (const int64_t steps : begun) CHECK(steps == begun[0]);
  }
}

}  // namespace
}  // namespace baton
