// Lanes: every directed pair of devices that talk has one of its own, agreed on by both sides.
#include "schedules/program/walk/lanes.h"

#include <catch2/catch.hpp>
#include <set>

namespace baton {
namespace {

Instruction SendTo(int peer) { return {Send{0, 0, Payload::kActivation, peer, 0}}; }
Instruction RecvFrom(int peer) { return {Recv{0, 0, Payload::kActivation, peer, 0}}; }

TEST_CASE("lanes are distinct, and sender and receiver agree") {
  Program program;
  program.devices.resize(6);
  // Device 2 talks to all others; 5 names 0, which does not name it.
  for (int peer : {4, 0, 5, 1, 3}) {
    program.devices[2].instructions.push_back(SendTo(peer));
    program.devices[peer].instructions.push_back(SendTo(2));
  }
  program.devices[5].instructions.push_back(RecvFrom(0));
  auto lanes = Lanes::Create(program);
  REQUIRE(lanes.ok());
  std::set<int> seen;
  for (const auto& [a, b] : std::vector<std::pair<int, int>>{{2, 0}, {2, 1}, {2, 3}, {2, 4}, {2, 5}, {0, 5}}) {
    CHECK(lanes->SendLane(a, b) == lanes->RecvLane(b, a));
    CHECK(lanes->SendLane(b, a) == lanes->RecvLane(a, b));
    CHECK(seen.insert(lanes->SendLane(a, b)).second);
    CHECK(seen.insert(lanes->SendLane(b, a)).second);
  }
  CHECK(lanes->num_lanes() == 12);
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == 11);
}

TEST_CASE("a peer must be another device") {
  for (int peer : {-1, 1, 3, 2147483647}) {
    Program program;
    program.devices.resize(3);
    program.devices[1].instructions = {SendTo(0), RecvFrom(peer)};
    const absl::Status status = Lanes::Create(program).status();
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(status.message() == "device 1 instruction 1: peer " + std::to_string(peer) + " is not another device");
  }
}

}  // namespace
}  // namespace baton
