// Adding in blocks.
#include "runtime/transport/local/sum_members.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/shards.h"

namespace baton {
namespace {

// In blocks that stay in the first cache.
template <typename Element>
void AddElements(absl::Span<const ReduceBuffer> members) {
  constexpr int64_t kBlock = 1024;
  Element sums[kBlock];
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(Element));
  for (int64_t begin = 0; begin < num_elements; begin += kBlock) {
    const int64_t count = std::min(kBlock, num_elements - begin);
    const auto* first = reinterpret_cast<const Element*>(members[0].data) + begin;
    std::copy(first, first + count, sums);
    for (const ReduceBuffer& member : members.subspan(1)) {
      const auto* values = reinterpret_cast<const Element*>(member.data) + begin;
      for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
    }
    for (const ReduceBuffer& member : members) {
      std::copy(sums, sums + count, reinterpret_cast<Element*>(member.data) + begin);
    }
  }
}

// The sums of pairs take the place of the first of the pair; spread(first element, count) gives the total to others.
template <typename Element, typename Spread>
void AddAsTree(absl::Span<const ReduceBuffer> members, Spread&& spread) {
  constexpr int64_t kBlock = 1024;
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(Element));
  for (int64_t begin = 0; begin < num_elements; begin += kBlock) {
    const int64_t count = std::min(kBlock, num_elements - begin);
    const auto at = [&](size_t member) { return reinterpret_cast<Element*>(members[member].data) + begin; };
    for (size_t stride = 1; stride < members.size(); stride *= 2) {
      for (size_t member = 0; member + stride < members.size(); member += 2 * stride) {
        Element* const left = at(member);
        const Element* const right = at(member + stride);
        for (int64_t i = 0; i < count; ++i) left[i] += right[i];
      }
    }
    spread(begin, count);
  }
}

template <typename Element>
void AddAsTreeToAll(absl::Span<const ReduceBuffer> members) {
  AddAsTree<Element>(members, [&](int64_t begin, int64_t count) {
    const auto at = [&](const ReduceBuffer& member) { return reinterpret_cast<Element*>(member.data) + begin; };
    for (const ReduceBuffer& member : members.subspan(1)) std::copy_n(at(members[0]), count, at(member));
  });
}

// The member's shard of whole buffers of `total` bytes, of which `members` has a block.
Shard ShardAt(absl::Span<const ReduceBuffer> members, size_t member, Bytes total) {
  ReduceBuffer whole = members[0];
  whole.bytes = total;
  return whole.ShardOfMember(static_cast<int>(member), static_cast<int>(members.size()));
}

// Gives each member its shard of the total.
template <typename Element>
void AddAsTreeToShards(absl::Span<const ReduceBuffer> members, Bytes offset, Bytes total) {
  constexpr auto kBytes = static_cast<Bytes>(sizeof(Element));
  AddAsTree<Element>(members, [&](int64_t begin, int64_t count) {
    for (size_t owner = 1; owner < members.size(); ++owner) {
      const Shard part = PartInBlock(ShardAt(members, owner, total), offset + begin * kBytes, count * kBytes);
      std::copy_n(members[0].data + begin * kBytes + part.begin, part.bytes(),
                  members[owner].data + begin * kBytes + part.begin);
    }
  });
}

// Spreads the part of each member's shard that is in the block.
void ExchangeShards(absl::Span<const ReduceBuffer> members, Bytes offset, Bytes total) {
  for (size_t owner = 0; owner < members.size(); ++owner) {
    const Shard part = PartInBlock(ShardAt(members, owner, total), offset, members[0].bytes);
    for (size_t member = 0; member < members.size(); ++member) {
      if (member != owner)
        std::copy_n(members[owner].data + part.begin, part.bytes(), members[member].data + part.begin);
    }
  }
}

template <typename Element>
void Add(absl::Span<const ReduceBuffer> members, Bytes offset, Bytes total) {
  if (members[0].combine == Combine::kTreeToShards) return AddAsTreeToShards<Element>(members, offset, total);
  if (members[0].combine == Combine::kAsTree) return AddAsTreeToAll<Element>(members);
  // For kOrderToShards the buffer gets the whole sum, of which the caller reads its shard.
  AddElements<Element>(members);
}

}  // namespace

absl::Status CheckMembers(absl::Span<const ReduceBuffer> members) {
  const ReduceBuffer& first = members[0];
  for (const ReduceBuffer& member : members) {
    if (member.combine != first.combine)
      return absl::InternalError("the members of a collective differ in how they combine");
    if (member.offset != first.offset || member.region_bytes != first.region_bytes || member.ratio != first.ratio)
      return absl::InternalError("the members of a collective differ in what they cut into shards");
    if (member.bytes != first.bytes || member.is_double != first.is_double) {
      return absl::InternalError(absl::StrCat("a sum of ", first.bytes, " bytes of ", first.is_double ? "f64" : "f32",
                                              " got ", member.bytes, " bytes of ", member.is_double ? "f64" : "f32"));
    }
  }
  const Bytes element_bytes = first.is_double ? sizeof(double) : sizeof(float);
  if (first.bytes % element_bytes != 0) {
    return absl::InternalError(
        absl::StrCat("a sum of ", first.bytes, " bytes, not a multiple of its element's ", element_bytes));
  }
  return absl::OkStatus();
}

void SumMembers(absl::Span<const ReduceBuffer> members, Bytes offset, Bytes total) {
  if (total == 0) total = members[0].bytes;
  if (members[0].combine == Combine::kShards) return ExchangeShards(members, offset, total);
  if (members[0].is_double) {
    Add<double>(members, offset, total);
  } else {
    Add<float>(members, offset, total);
  }
}

}  // namespace baton
