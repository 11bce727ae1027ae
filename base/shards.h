// Equal shards of a region of memory, one for each member of a group. Used wherever optimizer state is sharded.
#ifndef BATON_BASE_SHARDS_H_
#define BATON_BASE_SHARDS_H_

#include <algorithm>

#include "base/units.h"

namespace baton {

// Bytes [begin, end) of a region.
struct Shard {
  Bytes begin = 0;
  Bytes end = 0;

  Bytes bytes() const { return end - begin; }
};

// The shard of member `member` of `num_members`, of a region of `bytes`: consecutive, equally large, each beginning at
// a multiple of kBufferAlignment. The last ones may be smaller or empty.
//
//   ShardOf(640, 0, 3)   [0, 256)
//   ShardOf(640, 2, 3)   [512, 640)
inline constexpr Shard ShardOf(Bytes bytes, int member, int num_members) {
  const Bytes each = AlignUp((bytes + num_members - 1) / num_members);
  return {std::min(bytes, member * each), std::min(bytes, (member + 1) * each)};
}

// The part of `shard` that is in the block of `block_bytes` from `offset` of the region, counted from the block's
// beginning; empty if there is none.
inline constexpr Shard PartInBlock(const Shard& shard, Bytes offset, Bytes block_bytes) {
  const Bytes begin = std::max(shard.begin - offset, Bytes{0});
  const Bytes end = std::min(shard.end - offset, block_bytes);
  return begin < end ? Shard{begin, end} : Shard{};
}

}  // namespace baton

#endif  // BATON_BASE_SHARDS_H_
