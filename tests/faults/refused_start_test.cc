// Real processes that cannot become a run: each says why in one sentence, within BATON_TIMEOUT.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/launch_options.h"
#include "tests/faults/ranks.h"

namespace baton {
namespace {

constexpr auto kPatience = std::chrono::seconds(50);

RankToStart RankOf(int rank, int size, int port) {
  RankToStart start;
  start.rank = rank;
  start.size = size;
  start.leader = absl::StrCat("127.0.0.1:", port);
  start.arguments = {"check-cluster", "--repeats=1"};
  return start;
}

// Their ends, in order. None may end well, hang, or say more than one sentence.
std::vector<CommandResult> EndsOf(const std::vector<RankToStart>& ranks) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Command>> commands;
  for (const RankToStart& rank : ranks) commands.push_back(Start(rank));
  std::vector<CommandResult> ends;
  for (const auto& command : commands) {
    ends.push_back(command->Wait());
    INFO(ends.back().out << ends.back().err);
    CHECK(ends.back().status != 0);
    CHECK(ends.back().status < 128);
    CHECK(std::count(ends.back().err.begin(), ends.back().err.end(), '\n') <= 1);
  }
  CHECK(std::chrono::steady_clock::now() - begin < kPatience);
  return ends;
}

TEST_CASE("another build of baton is refused") {
  const int port = FreeLoopbackPort().value();
  RankToStart other = RankOf(1, 2, port);
  other.program = NewPath("baton");
  std::filesystem::copy_file("tools/baton/baton", other.program);
  std::filesystem::permissions(other.program, std::filesystem::perms::owner_all);
  std::ofstream(other.program, std::ios::binary | std::ios::app) << "another";
  const auto ends = EndsOf({RankOf(0, 2, port), other});
  INFO(ends[0].err << ends[1].err);
  CHECK(absl::StrContains(ends[0].err, " has build "));
  CHECK(absl::StrContains(ends[1].err, " has build "));
}

TEST_CASE("two processes of one rank are refused") {
  const int port = FreeLoopbackPort().value();
  // Rank 2 never comes, so that the run cannot be complete before both are there.
  const auto ends = EndsOf({RankOf(0, 5, port), RankOf(3, 5, port), RankOf(3, 5, port)});
  INFO(ends[0].err << ends[1].err << ends[2].err);
  CHECK(absl::StrContains(ends[0].err, "two processes are rank 3: pid "));
}

TEST_CASE("a missing rank is named") {
  const int port = FreeLoopbackPort().value();
  const auto ends = EndsOf({RankOf(0, 3, port), RankOf(1, 3, port)});
  INFO(ends[0].err << ends[1].err);
  CHECK(absl::StrContains(ends[0].err, "in vain for rank 2 of 3"));
}

TEST_CASE("a rank beyond the world is refused by its own process") {
  const auto ends = EndsOf({RankOf(7, 3, FreeLoopbackPort().value())});
  INFO(ends[0].err);
  CHECK(ends[0].status == 2);
  CHECK(absl::StrContains(ends[0].err, "BATON_RANK=7"));
}

TEST_CASE("a port in use is named") {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(bind(taken, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(listen(taken, 1) == 0);
  REQUIRE(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  const int port = ntohs(address.sin_port);
  const auto ends = EndsOf({RankOf(0, 2, port)});
  close(taken);
  CHECK(ends[0].err == absl::StrCat("baton: rank 0 cannot listen on 127.0.0.1:", port, ": the port is in use\n"));
}

TEST_CASE("a host that does not resolve is named") {
  RankToStart lost = RankOf(1, 2, 1);
  lost.leader = "no-such-host.invalid:29400";
  const auto ends = EndsOf({lost});
  INFO(ends[0].err);
  CHECK(absl::StrContains(ends[0].err, "no-such-host.invalid"));
  CHECK(absl::StrContains(ends[0].err, "cannot be resolved: "));
}

TEST_CASE("a wrong token is refused, and the rank that needs it is missing") {
  const int port = FreeLoopbackPort().value();
  RankToStart wrong = RankOf(1, 2, port);
  wrong.token = "other";
  const auto ends = EndsOf({RankOf(0, 2, port), wrong});
  INFO(ends[0].err << ends[1].err);
  CHECK(absl::StrContains(ends[1].err, "its token is wrong"));
  CHECK(absl::StrContains(ends[0].err, "in vain for rank 1 of 2"));
}

TEST_CASE("another number of processes is refused") {
  const int port = FreeLoopbackPort().value();
  const auto ends = EndsOf({RankOf(0, 3, port), RankOf(1, 2, port)});
  INFO(ends[0].err << ends[1].err);
  CHECK(absl::StrContains(ends[0].err, ") cannot lead: rank 1 ("));
  for (const CommandResult& end : ends) CHECK(absl::StrContains(end.err, "has a world of size 2, rank 0 ("));
}

}  // namespace
}  // namespace baton
