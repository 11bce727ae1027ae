// Shards cover a region once, in order, and begin at multiples of the alignment.
#include "base/shards.h"

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

}  // namespace
}  // namespace baton
