// The state machines of control without sockets: a simulated network delivers their messages in random order between
// streams, in order within one, at random virtual times; processes are killed, stopped and restarted at random.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/clock_offset.h"
#include "runtime/process/leader_state.h"
#include "runtime/process/member_state.h"

namespace baton {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kJoinTimeout = 10'000 * kMs;
constexpr int64_t kSilence = 1'000 * kMs;

proto::Hello HelloOfRank(int rank, int size, int generation = 0) {
  proto::Hello hello;
  hello.set_version("1");
  hello.set_build_id("b");
  hello.set_rank(rank);
  hello.set_size(size);
  hello.set_generation(generation);
  hello.set_host(absl::StrCat("host-", rank));
  hello.set_pid(100 + rank);
  return hello;
}

LeaderOptions OptionsOfLeader(const proto::Hello& self) {
  LeaderOptions options;
  options.self = self;
  options.join_timeout_ns = kJoinTimeout;
  options.silence_ns = kSilence;
  options.suspicion_ns = 100 * kMs;
  options.most_bytes = 1 << 20;
  return options;
}

MemberOptions OptionsOfMember(const proto::Hello& self) {
  MemberOptions options;
  options.self = self;
  options.leader = "leader:1";
  options.join_timeout_ns = kJoinTimeout;
  options.silence_ns = kSilence;
  options.heartbeat_ns = kSilence / 5;
  return options;
}

// A leader and processes with a network between them. Process 0 is the leader's own.
class Net {
 public:
  Net(int size, uint64_t seed, int64_t start_ns = 0, int generation = 0)
      : random(seed), now(start_ns), leader_(OptionsOfLeader(HelloOfRank(0, size, generation)), start_ns) {}

  struct Process {
    std::unique_ptr<MemberState> state;
    int64_t stream = -1;  // -1: none
    bool killed = false;
    bool stopped = false;
    std::deque<std::shared_ptr<const proto::FromProcess>> up;
    std::deque<LeaderAction> down;
  };

  int Start(const proto::Hello& hello) {
    processes.emplace_back();
    processes.back().state = std::make_unique<MemberState>(OptionsOfMember(hello), now);
    return static_cast<int>(processes.size()) - 1;
  }

  void Kill(int index) {
    processes[index].killed = true;
    processes[index].up.clear();
    CloseStream(processes[index]);
  }

  // One random event, then some virtual time.
  void Step() {
    Process& process = processes[random() % processes.size()];
    if (!process.killed && !process.stopped) {
      if (process.stream < 0 && process.state->phase() == MemberState::Phase::kJoining) Connect(process);
      if (random() % 2 == 0) process.state->Tick(now);
      for (auto& message : process.state->TakeMessages()) {
        if (process.stream >= 0) process.up.push_back(std::move(message));
      }
      if (!process.down.empty() && random() % 2 == 0) Deliver(process);
      // As control.cc does it.
      if (process.state->phase() == MemberState::Phase::kFailed && process.stream >= 0) CloseStream(process);
    }
    if (process.stream >= 0 && !process.up.empty() && random() % 2 == 0) {
      leader_.Received(process.stream, *process.up.front(), now);
      process.up.pop_front();
    }
    if (random() % 4 == 0) leader_.Tick(now);
    for (LeaderAction& action : leader_.TakeActions()) {
      for (Process& each : processes) {
        if (each.stream == action.stream && !each.killed) each.down.push_back(action);
      }
    }
    now += static_cast<int64_t>(random() % 3) * kMs;
  }

  // Steps until `done`; at most so much virtual time. Returns whether it was done.
  template <typename Done>
  bool Run(int64_t most_ns, const Done& done) {
    for (const int64_t end = now + most_ns; now < end; Step()) {
      if (done()) return true;
    }
    return false;
  }

  bool AllIn(MemberState::Phase phase) const {
    for (const Process& process : processes) {
      if (!process.killed && !process.stopped && process.state->phase() != phase) return false;
    }
    return true;
  }

  std::mt19937_64 random;
  int64_t now;
  std::vector<Process> processes;
  LeaderState& leader() { return leader_; }

 private:
  void Connect(Process& process) {
    process.stream = ++last_stream_;
    process.up.clear();
    process.down.clear();
    leader_.Opened(process.stream, now);
    process.state->Connected(now);
  }
  void CloseStream(Process& process) {
    if (process.stream < 0) return;
    leader_.Closed(process.stream, now);
    process.stream = -1;
  }
  void Deliver(Process& process) {
    const LeaderAction action = std::move(process.down.front());
    process.down.pop_front();
    if (action.message != nullptr) return process.state->Received(*action.message, now);
    CloseStream(process);
    process.state->Disconnected(action.refusal, now);
  }

  LeaderState leader_;
  int64_t last_stream_ = 0;
};

constexpr auto kRunning = MemberState::Phase::kRunning;
constexpr auto kFailed = MemberState::Phase::kFailed;
constexpr auto kLeft = MemberState::Phase::kLeft;

// Those of rank 1 need several messages.
std::string BytesOf(int rank) { return std::string(rank == 1 ? 300'000 : rank * 1000, static_cast<char>('a' + rank)); }

// Starts the processes in random order.
void StartAll(Net& net, int size, int generation = 0) {
  for (int rank = 0; rank < size; ++rank) {
    net.Start(HelloOfRank(rank, size, generation));
    for (int i = net.random() % 5; i > 0; --i) net.Step();
  }
}

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

// Streams 0 to size - 1 as the processes of these ranks.
void JoinAll(LeaderState& leader, int size) {
  for (int rank = 0; rank < size; ++rank) {
    proto::FromProcess hello;
    *hello.mutable_hello() = HelloOfRank(rank, size);
    leader.Opened(rank, 0);
    leader.Received(rank, hello, 0);
  }
}

TEST_CASE("operations without bytes are counted too") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 2)), 0);
  JoinAll(leader, 2);
  proto::FromProcess part;
  part.mutable_part()->set_last(true);
  const int most = (1 << 20) / static_cast<int>(2 * sizeof(std::string));
  for (int i = 0; i < most; ++i) {
    part.mutable_part()->set_sequence(i);
    leader.Received(1, part, 0);
  }
  CHECK_FALSE(leader.failure().has_value());
  part.mutable_part()->set_sequence(most);
  leader.Received(1, part, 0);
  REQUIRE(leader.failure().has_value());
  CHECK(leader.failure()->rank() == 1);
  CHECK(absl::StrContains(leader.failure()->message(), "more than 1048576 bytes wait"));
}

TEST_CASE("a process that comes after the first failure is told of it, rank 0's own too") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 3)), 0);
  const int late = GENERATE(0, 2);
  const auto join = [&](int64_t stream, const proto::Hello& hello) {
    proto::FromProcess message;
    *message.mutable_hello() = hello;
    leader.Opened(stream, 0);
    leader.Received(stream, message, 0);
    return leader.TakeActions();
  };
  (void)join(1, HelloOfRank(1, 2));  // a world of another size
  const std::vector<LeaderAction> actions = join(2, HelloOfRank(late, 3));
  REQUIRE(actions.size() == 2);
  REQUIRE(actions[0].message != nullptr);
  CHECK(actions[0].message->failure().rank() == 0);
  CHECK(absl::StrContains(actions[0].message->failure().message(), "has a world of size 2, rank 0 (host-0) has 3"));
  CHECK(actions[1].message == nullptr);
  CHECK(actions[1].refusal.empty());
  MemberState member(OptionsOfMember(HelloOfRank(late, 3)), 0);
  member.Connected(0);
  member.Received(*actions[0].message, 0);
  member.Disconnected("", 0);
  REQUIRE(member.phase() == kFailed);
  CHECK(member.failure()->message() == actions[0].message->failure().message());
  CHECK(member.failure_is_shared());
}

TEST_CASE("a process that has left gets and says nothing more") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 2)), 0);
  JoinAll(leader, 2);
  proto::FromProcess ask, goodbye, set, failure;
  ask.mutable_ask_value()->set_key("k");
  goodbye.mutable_goodbye();
  set.mutable_set_value()->set_key("k");
  failure.mutable_failure()->set_message("x");
  leader.Received(1, ask, 0);
  leader.Received(1, goodbye, 0);
  (void)leader.TakeActions();
  leader.Received(0, set, 0);
  leader.Received(1, failure, 0);
  CHECK(leader.TakeActions().empty());
  CHECK_FALSE(leader.failure().has_value());
}

TEST_CASE("a leader that breaks the protocol is a failure of its own") {
  struct Broken {
    int num_members;  // of the welcome
    int num_welcomes;
    const char* message;
  };
  const Broken broken = GENERATE(Broken{1, 1, "sent a welcome with 1 members; this run has 2 processes"},
                                 Broken{2, 2, "sent a second welcome"}, Broken{0, 0, "sent data before the welcome"});
  MemberState member(OptionsOfMember(HelloOfRank(1, 2)), 0);
  member.Connected(0);
  proto::FromLeader welcome, part;
  welcome.mutable_welcome();
  for (int rank = 0; rank < broken.num_members; ++rank) {
    *welcome.mutable_welcome()->add_members() = HelloOfRank(rank, 2);
  }
  part.mutable_part()->set_last(true);
  for (int i = 0; i < broken.num_welcomes; ++i) member.Received(welcome, 0);
  if (broken.num_welcomes == 0) member.Received(part, 0);
  REQUIRE(member.phase() == kFailed);
  CHECK(member.failure()->rank() == 0);
  CHECK(member.failure()->message() == broken.message);
  CHECK_FALSE(member.failure_is_shared());
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

TEST_CASE("the clocks' offset is that of the least round trip of eight") {
  ClockOffset clock;
  CHECK(clock.round_trip_ns() == 0);
  clock.Add(1000, 501'100, 1200);  // round trip 200: offset 500'000
  CHECK(clock.offset_ns() == 500'000);
  clock.Add(2000, 502'900, 3000);  // round trip 1000, 400 off
  CHECK(clock.offset_ns() == 500'000);
  clock.Add(4000, 504'010, 4020);
  CHECK(clock.offset_ns() == 500'000);
  CHECK(clock.round_trip_ns() == 20);
  clock.Add(10, 1, 5);  // returned before it was sent
  // No clock is before its start; such numbers would overflow.
  clock.Add(INT64_MIN, 1, 5);
  clock.Add(1, INT64_MIN, 5);
  CHECK(clock.round_trip_ns() == 20);
  for (int i = 0; i < ClockOffset::kProbes; ++i) clock.Add(i * 1000, i * 1000 + 700'050, i * 1000 + 100);
  CHECK(clock.offset_ns() == 700'000);  // the others are forgotten
}

}  // namespace
}  // namespace baton
