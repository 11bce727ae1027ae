// Look-ups of one, two and many replicas, and each fault of a list.
#include "schedules/placement/placement.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("one replica: entries are chunks") {
  const ChunkPlacement placement = ChunkPlacement::Of({0, 1, 1, 0});
  CHECK(placement.num_chunks() == 4);
  CHECK(placement.num_replicas() == 1);
  CHECK(placement.FindFault(4, 2, 7).empty());
  for (int chunk = 0; chunk < 4; ++chunk) {
    CHECK(placement.IndexOf(chunk, 6) == chunk);
    CHECK(placement.EntriesOf(chunk) == std::vector<int32_t>{chunk});
  }
  CHECK(placement.DeviceOf(2, 5) == 1);
  CHECK(placement.IndexOn(2, 1) == 2);
  CHECK(placement.IndexOn(2, 0) == -1);
  CHECK(placement.DevicesOfReplica(0) == std::vector<int32_t>{0, 1, 1, 0});
}

TEST_CASE("two directions: the chunk in the middle has one entry that both replicas use") {
  const ChunkPlacement placement = ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}}, {0, 1, 0, 1});
  CHECK(placement.FindFault(3, 3, 4).empty());
  CHECK(placement.replicas() == std::vector<ChunkReplica>{{0, 0, 0}, {1, 0, 1}, {2, 0, 2}, {0, 1, 2}, {2, 1, 0}});
  CHECK(placement.num_replicas() == 2);
  CHECK(placement.IndexOf(0, 2) == 0);
  CHECK(placement.IndexOf(0, 3) == 3);
  CHECK(placement.IndexOf(1, 3) == 1);
  CHECK(placement.IndexOf(2, 1) == 4);
  CHECK(placement.DeviceOf(2, 1) == 0);
  CHECK(placement.FirstDeviceOf(2) == 2);
  CHECK(placement.IndexOn(0, 2) == 3);
  CHECK(placement.IndexOn(1, 2) == -1);
  CHECK(placement.EntriesOf(0) == std::vector<int32_t>{0, 3});
  CHECK(placement.EntriesOf(1) == std::vector<int32_t>{1});
  CHECK(placement.DevicesOfReplica(1) == std::vector<int32_t>{2, 1, 0});
}

TEST_CASE("two pairs of directions on devices of their own: replica 3 shares with replica 2") {
  const ChunkPlacement placement =
      ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}, {3, 4, 5}, {5, 4, 3}}, {0, 1, 2, 3});
  CHECK(placement.FindFault(3, 6, 4).empty());
  CHECK(placement.replicas().size() == 10);
  CHECK(placement.DeviceOf(1, 1) == 1);
  CHECK(placement.DeviceOf(1, 3) == 4);
  CHECK(placement.IndexOf(1, 3) == placement.IndexOf(1, 2));
  CHECK(placement.EntriesOf(1).size() == 2);
}

TEST_CASE("each fault of a list is named") {
  struct Case {
    ChunkPlacement placement;
    const char* fault;
  };
  const Case cases[] = {
      {ChunkPlacement(), "there are 0 chunks; there must be at least 1"},
      {ChunkPlacement::OfList(2, {{0, 0, 0}}, {}), "chunk 1 has no replica 0; there are 2 chunks"},
      {ChunkPlacement::OfList(2, {}, {}), "chunk 0 has no replica 0; there are 2 chunks"},
      {ChunkPlacement::OfList(2, {{0, 0, 0}, {2, 0, 1}}, {}),
       "entry 1 of the replicas is of chunk 2; there are 2 chunks"},
      {ChunkPlacement::OfList(2, {{0, 0, 0}, {1, 0, 1}, {0, 3, 1}}, {}),
       "entry 2 of the replicas is replica 3; it must be from 0 to 2"},
      {ChunkPlacement::OfList(2, {{0, 0, 0}, {1, 0, 1}, {1, 1, 0}, {0, 1, 1}}, {}),
       "replica 1 of chunk 0 is listed after replica 1 of chunk 1; the list must ascend by replica, then chunk"},
      {ChunkPlacement::Of({0, 1, 1}), "3 chunks are on devices; there are 2 chunks"},
      {ChunkPlacement::Of({0, 2}), "chunk 1 is on device 2; there are 2 devices"},
      {ChunkPlacement::Of({-1, 1}), "chunk 0 is on device -1; there are 2 devices"},
      {ChunkPlacement::OfList(2, {{0, 0, 0}, {1, 0, 1}, {0, 1, 0}}, {0, 1}),
       "two replicas of chunk 0 are listed on device 0; replicas on one device share an entry"},
      {ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {}), "no micro-batch has a replica; there are 2 replicas"},
      {ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {1}), "1 micro-batches have a replica; there are 2 micro-batches"},
      {ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 2}), "micro-batch 1 uses replica 2; there are 2 replicas"},
      {ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {-1, 0}), "micro-batch 0 uses replica -1; there are 2 replicas"},
  };
  for (const Case& row : cases) CHECK(row.placement.FindFault(2, 2, 2) == row.fault);
  CHECK(ChunkPlacement::Of({-1, 1}).FindFault(2, 2, 2, /*lowest_device=*/-1).empty());
  // The table of 4,097 replicas × 4,097 chunks would be too large.
  std::vector<ChunkReplica> wide;
  for (int32_t chunk = 0; chunk < 4097; ++chunk) wide.push_back({chunk, 0, 0});
  wide.push_back({0, 4096, 1});
  CHECK(ChunkPlacement::OfList(4097, wide, {}).FindFault(4097, 2, 2) ==
        "4097 replicas of 4097 chunks; their product must be at most 16777216");
}

}  // namespace
}  // namespace baton
