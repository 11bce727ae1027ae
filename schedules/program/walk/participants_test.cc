// Devices of groups whose members share devices.
#include "schedules/program/walk/participants.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("participants of a group are the devices of its members, each once") {
  Program program;
  program.num_chunks = 3;
  program.placement = ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}}, {0, 1});  // devices 0 1 2, then 2 0
  program.devices.resize(4);
  program.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {2, 3, 0}, 8},
                           {ReduceKind::kGradientNorm, "", {1}, 8},
                           {ReduceKind::kGradientNorm, "", {0, 5, -1}, 8}};
  CHECK(DevicesOfMembers(program, 0) == std::vector<int32_t>{2, 2, 0});
  CHECK(ParticipantsOf(program, 0) == std::vector<int32_t>{0, 2});
  CHECK(ParticipantsOf(program, 1) == std::vector<int32_t>{1});
  CHECK(DevicesOfMembers(program, 2) == std::vector<int32_t>{0});
  CHECK(GroupsOfDevices(program) == std::vector<std::vector<int32_t>>{{0, 2}, {1}, {0}, {}});
}

}  // namespace
}  // namespace baton
