// When collectives meet: in any order of arrival, several rounds, and never with a device outside the group.
#include "schedules/program/walk/meetings.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <utility>

namespace baton {
namespace {

// Group 0 on devices 0, 1 and 2, of which device 1 has two members; group 1 on device 2 alone.
Program ThreeDevices() {
  Program program;
  program.num_chunks = 4;
  program.num_micro_batches = 1;
  program.placement = ChunkPlacement::Of({1, 0, 2, 1});
  program.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 1, 2, 3}, 8},
                           {ReduceKind::kGradientNorm, "", {2}, 8}};
  program.devices.resize(4);
  return program;
}

TEST_CASE("the last device to arrive begins the collective") {
  Meetings meetings(ThreeDevices());
  CHECK(meetings.Arrive({2, 5}, 0) == nullptr);
  CHECK(meetings.Arrive({0, 7}, 0) == nullptr);
  CHECK(meetings.NumArrived(0, 2) == 1);
  const std::vector<InstructionRef>* met = meetings.Arrive({1, 9}, 0);
  REQUIRE(met != nullptr);
  REQUIRE(met->size() == 3);
  for (int32_t device = 0; device < 3; ++device) CHECK((*met)[device].device == device);
  CHECK((*met)[0].instruction == 7);
  CHECK((*met)[1].instruction == 9);
  CHECK((*met)[2].instruction == 5);
  CHECK(meetings.NumMet(0) == 1);
  CHECK(meetings.Arrive({2, 6}, 1) != nullptr);  // alone in its group
}

TEST_CASE("a device outside the group never completes it") {
  Meetings meetings(ThreeDevices());
  CHECK(meetings.Arrive({0, 0}, 0) == nullptr);
  CHECK(meetings.Arrive({1, 0}, 0) == nullptr);
  CHECK(meetings.Arrive({3, 0}, 0) == nullptr);
  CHECK(meetings.Arrive({3, 0}, 1) == nullptr);
  CHECK_FALSE(meetings.HasGroup(2));
  CHECK_FALSE(meetings.HasGroup(-1));
}

TEST_CASE("the n-th of one device meets the n-th of the others, in every order of arrival") {
  std::vector<std::pair<int32_t, int32_t>> arrivals;  // device, round
  for (int32_t device = 0; device < 3; ++device) {
    for (int32_t round = 0; round < 4; ++round) arrivals.push_back({device, round});
  }
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    std::shuffle(arrivals.begin(), arrivals.end(), random);
    Meetings meetings(ThreeDevices());
    int32_t next[3] = {0, 0, 0};
    int32_t num_met = 0;
    for (const auto& arrival : arrivals) {
      const int32_t device = arrival.first;
      const std::vector<InstructionRef>* met = meetings.Arrive({device, next[device]++}, 0);
      const int32_t least = std::min({next[0], next[1], next[2]});
      REQUIRE((met != nullptr) == (least > num_met));
      if (met == nullptr) continue;
      for (const InstructionRef& ref : *met) CHECK(ref.instruction == num_met);
      num_met = least;
    }
    CHECK(num_met == 4);
  }
}

}  // namespace
}  // namespace baton
