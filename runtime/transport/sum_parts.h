// How the processes of a sum, or of an exchange of shards, share its work. Used by GlooExchange and NcclExchange, which
// differ in how the bytes travel. A collective goes block by block, in one of four ways:
//
//   directly       two processes, small sums, and shards: each process sends its members to all others, and all add
//   through parts  each process adds an equal part of the block and sends its sum to all others, so that n processes
//                  send and receive 2 (n − 1) / n blocks each, as a ring would
//   scattered      sums of which each member gets its shard, if the members of each process are consecutive: each
//                  process adds the shards of its members, and sends no sum: (n − 1) / n blocks. A block has an equal
//                  piece of the shards of each process, so that all of them send and receive at the same time. Other
//                  ways give the whole sum to all members instead
//   through one    many processes, which would need many connections: the first one adds all
//
//   rank 0   ── members' part 1 ──▶ ◀── members' part 0 ── add part 0 ── sum 0 ──▶ ◀── sum 1
//   rank 1   ── members' part 0 ──▶ ◀── members' part 1 ── add part 1 ── sum 1 ──▶ ◀── sum 0
//                                                                     └─ not if scattered ─┘
#ifndef BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_
#define BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_

#include <algorithm>
#include <cstdint>

#include "absl/types/span.h"
#include "base/shards.h"
#include "base/units.h"
#include "runtime/transport/collective.h"

namespace baton {

enum class SumWay { kDirectly, kThroughParts, kScattered, kThroughOne };

// Larger sums of more than two processes go through parts.
inline constexpr Bytes kMostDirectBytes = Bytes{64} << 10;

// Bytes [begin, begin + bytes) of a member's buffer. In memory for one block they stand at `place`.
struct SumPart {
  Bytes begin = 0;
  Bytes bytes = 0;
  Bytes place = 0;

  Bytes end() const { return begin + bytes; }
};

// The first and the last member of a process.
struct MemberRange {
  int first = 0;
  int last = 0;
};

// The same in all processes, which are numbered from 0. Borrows the ranges of their members.
class SumParts {
 public:
  SumParts() = default;
  // `member`: any, for size and kind. `processes`: [process]. `through_one`: whatever its size.
  SumParts(const ReduceBuffer& member, int num_members, absl::Span<const MemberRange> processes, bool through_one)
      : whole_(member),
        total_(member.bytes),
        is_shards_(member.combine == Combine::kShards),
        num_members_(num_members),
        processes_(processes) {
    if (through_one) {
      way_ = SumWay::kThroughOne;
    } else if (IsToShards(member.combine) && AreConsecutive()) {
      way_ = SumWay::kScattered;
    } else if (num_processes() > 2 && !is_shards_ && total_ > kMostDirectBytes) {
      way_ = SumWay::kThroughParts;
    }
  }

  SumWay way() const { return way_; }
  // How a process combines what it adds.
  Combine CombineOf(const ReduceBuffer& member) const {
    if (!IsToShards(member.combine) || way_ == SumWay::kScattered) return member.combine;
    return member.combine == Combine::kTreeToShards ? Combine::kAsTree : Combine::kInOrder;
  }
  int num_processes() const { return static_cast<int>(processes_.size()); }
  // Whether those that add send their sums to the other processes.
  bool sends_sums() const { return way_ == SumWay::kThroughParts || way_ == SumWay::kThroughOne; }
  // Whether a process adds anything.
  bool Adds(int process) const { return way_ != SumWay::kThroughOne || process == 0; }

  // Cuts the collective into blocks of at most `bytes`: a multiple of 8, and at least 8 for each process.
  void CutIntoBlocks(Bytes bytes) {
    block_bytes_ = bytes;
    piece_bytes_ = bytes / std::max(1, num_processes()) / 8 * 8;
    num_blocks_ = NumPieces(total_, bytes);
    if (way_ != SumWay::kScattered) return;
    num_blocks_ = 1;
    for (int process = 0; process < num_processes(); ++process) {
      num_blocks_ = std::max(num_blocks_, NumPieces(ShardsOf(process).bytes(), piece_bytes_));
    }
  }
  // At least 1, so that the members of an empty sum wait for each other.
  int64_t num_blocks() const { return num_blocks_; }
  // The bytes of a block. Not if scattered, where they are not consecutive.
  SumPart Block(int64_t block) const {
    const Bytes begin = block * block_bytes_;
    return {begin, std::min(block_bytes_, total_ - begin), 0};
  }
  // The bytes of a block that a process adds; it is one that adds.
  SumPart PartOf(int64_t block, int process) const {
    if (way_ == SumWay::kScattered) {
      const Shard shards = ShardsOf(process);
      const Bytes begin = std::min(shards.end, shards.begin + block * piece_bytes_);
      return {begin, std::min(piece_bytes_, shards.end - begin), process * piece_bytes_};
    }
    const SumPart whole = Block(block);
    if (way_ != SumWay::kThroughParts) return whole;
    const Shard part = ShardOf(whole.bytes, process, num_processes());
    return {whole.begin + part.begin, part.bytes(), part.begin};
  }
  // The bytes of a block that a member sends to a process.
  SumPart ContributionOf(int member, int64_t block, int process) const {
    if (!is_shards_) return PartOf(block, process);
    const SumPart whole = Block(block);
    const Shard part = PartInBlock(whole_.ShardOfMember(member, num_members_), whole.begin, whole.bytes);
    return {whole.begin + part.begin, part.bytes(), part.begin};
  }
  // The most that PartOf returns.
  Bytes most_part_bytes() const {
    return way_ == SumWay::kScattered ? std::min(piece_bytes_, total_) : PartOf(0, 0).bytes;
  }

 private:
  static bool IsToShards(Combine combine) {
    return combine == Combine::kTreeToShards || combine == Combine::kOrderToShards;
  }

  static int64_t NumPieces(Bytes bytes, Bytes piece) { return std::max<int64_t>(1, (bytes + piece - 1) / piece); }

  bool AreConsecutive() const {
    int covered = 0;
    for (const MemberRange& each : processes_) covered += each.last - each.first + 1;
    return covered == num_members_;
  }

  // The shards of a process's members.
  Shard ShardsOf(int process) const {
    return {whole_.ShardOfMember(processes_[process].first, num_members_).begin,
            whole_.ShardOfMember(processes_[process].last, num_members_).end};
  }

  ReduceBuffer whole_;
  Bytes total_ = 0;
  bool is_shards_ = false;
  int num_members_ = 1;
  absl::Span<const MemberRange> processes_;
  SumWay way_ = SumWay::kDirectly;
  Bytes block_bytes_ = 1;
  Bytes piece_bytes_ = 1;  // of the shards of a process
  int64_t num_blocks_ = 1;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_SUM_PARTS_H_
