// Shards cover a region once, in order, and begin at multiples of the alignment.
#include "base/shards.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("shards tile a region") {
  for (const Bytes bytes : {Bytes{0}, Bytes{4}, Bytes{64}, Bytes{640}, Bytes{1000}, Bytes{1} << 40}) {
    for (const int members : {1, 2, 3, 7, 64, 1024}) {
      CAPTURE(bytes, members);
      Bytes end = 0;
      for (int member = 0; member < members; ++member) {
        const Shard shard = ShardOf(bytes, member, members);
        CHECK(shard.begin == end);
        CHECK((shard.begin % kBufferAlignment == 0 || shard.begin == bytes));
        CHECK(shard.bytes() >= 0);
        CHECK(shard.bytes() <= AlignUp((bytes + members - 1) / members));
        end = shard.end;
      }
      CHECK(end == bytes);
    }
  }
}

TEST_CASE("three shards of 640 bytes") {
  CHECK(ShardOf(640, 0, 3).end == 256);
  CHECK(ShardOf(640, 2, 3).begin == 512);
  CHECK(ShardOf(640, 2, 3).bytes() == 128);
}

TEST_CASE("blocks of a region have all of a shard once") {
  const Shard shard = ShardOf(640, 1, 3);
  REQUIRE(shard.begin == 256);
  Bytes reached = shard.begin;
  for (Bytes offset = 0; offset < 640; offset += 100) {
    const Shard part = PartInBlock(shard, offset, std::min(Bytes{100}, 640 - offset));
    if (part.bytes() == 0) continue;
    CHECK(offset + part.begin == reached);
    CHECK(part.end <= 100);
    reached = offset + part.end;
  }
  CHECK(reached == shard.end);
  CHECK(PartInBlock(ShardOf(64, 2, 3), 0, 64).bytes() == 0);
}

}  // namespace
}  // namespace baton
