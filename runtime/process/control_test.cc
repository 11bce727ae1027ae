// Control over real sockets: several processes' ends in one process, each on a thread of its own.
#include "runtime/process/control.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/process/agreed.h"
#include "runtime/process/launch_options.h"

namespace baton {
namespace {

// Only a hang takes so long.
constexpr absl::Duration kPatience = absl::Seconds(30);

World WorldOf(int rank, int size, int port) {
  World world;
  world.rank = rank;
  world.size = size;
  world.local_rank = rank;
  world.local_size = size;
  world.leader = {"127.0.0.1", port};
  return world;
}

ControlOptions Quick() {
  ControlOptions options;
  options.join_timeout = kPatience;
  options.silence = absl::Seconds(10);
  options.token = "secret";
  return options;
}

// Runs `body(rank)` for all ranks at once.
void OnEach(int size, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back([&body, rank] { body(rank); });
  for (std::thread& thread : threads) thread.join();
}

using Controls = std::vector<std::unique_ptr<Control>>;

Controls CreateAll(int size, const ControlOptions& options = Quick()) {
  const int port = FreeLoopbackPort().value();
  Controls controls(size);
  std::vector<absl::Status> statuses(size);
  OnEach(size, [&](int rank) {
    const World world = WorldOf(rank, size, port);
    auto control = Control::Create(world, HelloOf(world, "1"), options);
    statuses[rank] = control.status();
    if (control.ok()) controls[rank] = *std::move(control);
  });
  for (const absl::Status& status : statuses) {
    INFO(status);
    REQUIRE(status.ok());
  }
  return controls;
}

TEST_CASE("processes join, exchange, gather, broadcast, meet and leave") {
  const int size = GENERATE(2, 5);
  Controls controls = CreateAll(size);
  const std::string program(3'000'000, 'p');  // in many parts
  std::atomic<int> right{0};
  OnEach(size, [&](int rank) {
    Control& control = *controls[rank];
    CHECK(control.members().size() == static_cast<size_t>(size));
    const auto broadcast = control.Broadcast(rank == 0 ? program : "");
    const auto exchanged = control.Exchange(absl::StrCat("address ", rank));
    const auto gathered = control.Gather(std::string(rank * 500'000, 'x'), 1);
    const absl::Status met = control.Barrier();
    bool all = broadcast.ok() && *broadcast == program && exchanged.ok() && gathered.ok() && met.ok();
    for (int other = 0; all && other < size; ++other) {
      all = exchanged->at(other) == absl::StrCat("address ", other);
      if (rank == 0) all = all && gathered->at(other).size() == other * 500'000u;
    }
    control.ReportProgress(100 + rank, {});
    if (all && control.BeginStep(0).value() && control.Leave().ok()) ++right;
  });
  CHECK(right == size);
  for (int rank = 0; rank < size; ++rank) {
    CHECK(controls[rank]->status().ok());
    CHECK(controls[rank]->clock_round_trip_ns() > 0);
    // The clocks are the same, so half of the round trip bounds the offset.
    CHECK(std::abs(controls[rank]->clock_offset_ns()) <= controls[rank]->clock_round_trip_ns() / 2 + 1);
  }
}

TEST_CASE("the first failure reaches every process, by callback and by every call") {
  const int size = 3;
  std::atomic<int> called{0};
  ControlOptions options = Quick();
  options.on_failure = [&](const absl::Status& status) {
    called += absl::StrContains(status.message(), "failed: no disk");
  };
  Controls controls = CreateAll(size, options);
  controls[2]->Abort(absl::DataLossError("no disk"));
  OnEach(size, [&](int rank) {
    const absl::Status status = controls[rank]->Barrier();
    CHECK(absl::IsCancelled(status));
    CHECK(absl::StrContains(status.message(), "rank 2 ("));
    CHECK(absl::IsCancelled(controls[rank]->BeginStep(0).status()));
    CHECK(controls[rank]->LeaderReports());
    CHECK(controls[rank]->rank() == rank);
    CHECK(controls[rank]->address() == "127.0.0.1");
  });
  const absl::Time deadline = absl::Now() + kPatience;
  while (called < size && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  CHECK(called == size);
  // A handler that comes late is told at once.
  absl::Status told;
  controls[0]->SetOnFailure([&](const absl::Status& status) { told = status; });
  CHECK(absl::StrContains(told.message(), "failed: no disk"));
}

TEST_CASE("whoever hears of rank 0's failure, even before it has joined, knows that rank 0 reports it") {
  for (int round = 0; round < 30; ++round) {
    const int port = FreeLoopbackPort().value();
    std::atomic<int> reported{0};
    OnEach(3, [&](int rank) {
      const World world = WorldOf(rank, 3, port);
      const auto control = Control::Create(world, HelloOf(world, "1"), Quick());
      if (rank == 0 && control.ok()) {
        (*control)->Abort(absl::InvalidArgumentError("no job"));
        reported += absl::IsCancelled((*control)->Barrier());
      } else if (rank > 0) {
        reported += control.ok() ? absl::IsCancelled((*control)->Barrier()) && (*control)->LeaderReports()
                                 : IsToldByLeader(control.status());
      }
    });
    REQUIRE(reported == 3);
  }
}

TEST_CASE("a key of the store has the same value everywhere, whether it is asked for or set first") {
  const int size = 3;
  Controls controls = CreateAll(size);
  OnEach(size, [&](int rank) {
    Control& control = *controls[rank];
    const int next = (rank + 1) % size;
    if (rank == 0) absl::SleepFor(absl::Milliseconds(20));  // rank 2 waits for this key
    CHECK(control.Set(absl::StrCat("address ", rank), absl::StrCat("port ", rank)).ok());
    CHECK(control.Get(absl::StrCat("address ", next), kPatience).value() == absl::StrCat("port ", next));
    CHECK(absl::IsDeadlineExceeded(control.Get("nobody's", absl::Milliseconds(10)).status()));
    CHECK(absl::IsInvalidArgument(control.Set("large", std::string(1 << 20, 'x'))));
  });
  CHECK(controls[1]->Set("address 0", "another").ok());
  const absl::Status status = controls[2]->Barrier();
  CHECK(absl::StrContains(status.message(), "sets the key \"address 0\" of the store a second time"));
}

TEST_CASE("a heartbeat tells rank 0 where the workers of a process stand") {
  ControlOptions options = Quick();
  options.silence = absl::Seconds(1);
  Controls controls = CreateAll(2, options);
  controls[1]->ReportProgress(7, {"device 1 waits in instruction 3"});
  const absl::Time deadline = absl::Now() + kPatience;
  while (controls[0]->HeartbeatOf(1).positions_size() == 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  CHECK(controls[0]->HeartbeatOf(1).instructions() == 7);
  CHECK(controls[0]->HeartbeatOf(1).positions(0) == "device 1 waits in instruction 3");
}

TEST_CASE("a process that goes without leaving is a failure that the others see") {
  Controls controls = CreateAll(3);
  const int gone = GENERATE(0, 1);
  controls[gone] = nullptr;
  for (const auto& control : controls) {
    if (control == nullptr) continue;
    const absl::Status status = control->Barrier();
    CHECK(absl::StrContains(status.message(), absl::StrCat("rank ", gone, " (")));
  }
}

TEST_CASE("all stop before the same step") {
  Controls controls = CreateAll(3);
  std::vector<int64_t> steps(3, 0);
  OnEach(3, [&](int rank) {
    while (controls[rank]->BeginStep(steps[rank]).value()) {
      CHECK(controls[rank]->Barrier().ok());
      if (++steps[rank] == 20 && rank == 1) controls[rank]->RequestStop();
    }
    CHECK(controls[rank]->Leave().ok());
  });
  CHECK(steps[0] >= 20);
  CHECK(steps[0] == steps[1]);
  CHECK(steps[0] == steps[2]);
}

absl::Status CreateOne(const World& world, ControlOptions options, absl::Duration timeout = absl::Milliseconds(300)) {
  options.join_timeout = timeout;
  return Control::Create(world, HelloOf(world, "1"), options).status();
}

TEST_CASE("what keeps a process from joining is said in one sentence") {
  const int port = FreeLoopbackPort().value();
  const World one = WorldOf(1, 2, port);
  CHECK(absl::StrContains(CreateOne(one, Quick()).message(),
                          absl::StrCat("rank 0 (127.0.0.1:", port, ") has not answered within")));
  CHECK(absl::StrContains(CreateOne(WorldOf(0, 3, port), Quick()).message(), "in vain for ranks 1, 2 of 3"));

  World unresolvable = one;
  unresolvable.local_size = 0;
  unresolvable.leader.host = "no-such-host.invalid";
  CHECK(absl::StrContains(CreateOne(unresolvable, Quick()).message(), "no-such-host.invalid, cannot be resolved: "));

  World elsewhere = WorldOf(0, 2, port);
  elsewhere.local_size = 0;
  elsewhere.leader.host = "192.0.2.1";
  CHECK(absl::StrContains(CreateOne(elsewhere, Quick()).message(), "192.0.2.1:"));
  ControlOptions open = Quick();
  open.token = "";
  CHECK(absl::StrContains(CreateOne(elsewhere, open).message(), "BATON_TOKEN is not set"));

  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  REQUIRE(bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(listen(taken, 1) == 0);
  CHECK(CreateOne(WorldOf(0, 2, port), Quick()).message() ==
        absl::StrCat("rank 0 cannot listen on 127.0.0.1:", port, ": the port is in use"));
  close(taken);
}

TEST_CASE("a wrong token is refused, and does not disturb the run") {
  const int port = FreeLoopbackPort().value();
  std::unique_ptr<Control> controls[2];
  std::thread leader([&] {
    const World world = WorldOf(0, 2, port);
    controls[0] = Control::Create(world, HelloOf(world, "1"), Quick()).value();
  });
  ControlOptions wrong = Quick();
  for (const char* const token : {"", "secres", "secret1"}) {
    wrong.token = token;
    CHECK(absl::StrContains(CreateOne(WorldOf(1, 2, port), wrong, kPatience).message(), "its token is wrong"));
  }
  const World world = WorldOf(1, 2, port);
  controls[1] = Control::Create(world, HelloOf(world, "1"), Quick()).value();
  leader.join();
  OnEach(2, [&](int rank) { CHECK(controls[rank]->Leave().ok()); });
}

// A stranger's bytes: none of them may end the leader or delay the others for long.
TEST_CASE("strangers' bytes do not disturb a run") {
  const int port = FreeLoopbackPort().value();
  const int size = 2;
  std::unique_ptr<Control> controls[2];
  std::thread leader([&] {
    const World world = WorldOf(0, size, port);
    controls[0] = Control::Create(world, HelloOf(world, "1"), Quick()).value();
  });
  std::vector<int> strangers;
  const std::vector<std::string> texts = {"", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                          std::string(100'000, '\0'),
                                          std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(5000, '\xff')};
  for (int i = 0; i < 40; ++i) {
    const int stranger = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const absl::Time deadline = absl::Now() + kPatience;
    while (connect(stranger, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    const std::string& text = texts[i % texts.size()];
    (void)!send(stranger, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    strangers.push_back(stranger);
  }
  const World world = WorldOf(1, size, port);
  controls[1] = Control::Create(world, HelloOf(world, "1"), Quick()).value();
  leader.join();
  OnEach(size, [&](int rank) {
    CHECK(controls[rank]->Barrier().ok());
    CHECK(controls[rank]->Leave().ok());
  });
  for (const int stranger : strangers) close(stranger);
}

TEST_CASE("options by the environment") {
  const ControlOptions options =
      ControlOptionsOf(Environment({{"BATON_TIMEOUT", "2s"}, {"BATON_HEARTBEAT", "300ms"}, {"BATON_TOKEN", "abc"}}))
          .value();
  CHECK(options.join_timeout == absl::Seconds(2));
  CHECK(options.silence == absl::Milliseconds(300));
  CHECK(options.token == "abc");
  const std::string file = absl::StrCat(std::getenv("TEST_TMPDIR"), "/token");
  std::ofstream(file) << "from-file\n";
  CHECK(ControlOptionsOf(Environment({{"BATON_TOKEN_FILE", file}}))->token == "from-file");
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"BATON_TIMEOUT", "soon"},
                                                                                    {"BATON_HEARTBEAT", "0"},
                                                                                    {"BATON_TOKEN", "a b"},
                                                                                    {"BATON_TOKEN_FILE", "/none"}}) {
    INFO(name);
    std::map<std::string, std::string> variables;
    variables[name] = value;
    const absl::Status status = ControlOptionsOf(Environment(variables)).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StrContains(status.message(), name));
  }
}

}  // namespace
}  // namespace baton
