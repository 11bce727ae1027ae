// How the processes of a sum, or of an exchange of shards, share its work. Used by GlooExchange and NcclExchange, which
// differ in how the bytes travel. Blocks of a sum go in one of three ways:
//
//   directly       two processes, small sums, and shards: each process sends its members to all others, and all add
//   through parts  each process adds an equal part of the block and sends its sum to all others, so that n processes
//                  send and receive 2 (n − 1) / n blocks each, as a ring would
//   through one    many processes, which would need many connections: the first one adds all
//
//   rank 0   ── members' part 1 ──▶ ◀── members' part 0 ── add part 0 ── sum 0 ──▶ ◀── sum 1
//   rank 1   ── members' part 0 ──▶ ◀── members' part 1 ── add part 1 ── sum 1 ──▶ ◀── sum 0
#ifndef BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_
#define BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_

#include "base/shards.h"
#include "base/units.h"
#include "runtime/transport/collective.h"

namespace baton {

enum class SumWay { kDirectly, kThroughParts, kThroughOne };

// Larger sums of more than two processes go through parts.
inline constexpr Bytes kMostDirectBytes = Bytes{64} << 10;

// The bytes of a sum from `offset` on.
struct SumBlock {
  Bytes offset = 0;
  Bytes bytes = 0;
};

// The same in all processes, which are numbered from 0.
class SumParts {
 public:
  SumParts() = default;
  // `member`: any, for size and kind. `through_one`: whatever its size.
  SumParts(const ReduceBuffer& member, int num_members, int num_processes, bool through_one)
      : total_(member.bytes),
        is_shards_(member.combine == Combine::kShards),
        num_members_(num_members),
        num_processes_(num_processes) {
    if (through_one) {
      way_ = SumWay::kThroughOne;
    } else if (num_processes > 2 && !is_shards_ && total_ > kMostDirectBytes) {
      way_ = SumWay::kThroughParts;
    }
  }

  SumWay way() const { return way_; }
  // Whether a process adds anything.
  bool Adds(int process) const { return way_ != SumWay::kThroughOne || process == 0; }
  // The part of a block that a process adds, counted from the block's beginning; it is one that adds.
  Shard PartOf(const SumBlock& block, int process) const {
    if (way_ != SumWay::kThroughParts) return {0, block.bytes};
    return ShardOf(block.bytes, process, num_processes_);
  }
  // The bytes of a block that a member sends to a process, counted likewise.
  Shard ContributionOf(int member, const SumBlock& block, int process) const {
    if (!is_shards_) return PartOf(block, process);
    return PartInBlock(ShardOf(total_, member, num_members_), block.offset, block.bytes);
  }

 private:
  Bytes total_ = 0;
  bool is_shards_ = false;
  int num_members_ = 1;
  int num_processes_ = 1;
  SumWay way_ = SumWay::kDirectly;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_
