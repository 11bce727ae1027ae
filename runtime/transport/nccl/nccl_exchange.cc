// Enqueuing the blocks.
#include "runtime/transport/nccl/nccl_exchange.h"

#include <algorithm>

#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/transport/cuda/sum_members.h"

namespace baton {
namespace {

// The part of the block at `offset` that a member contributes, counted from the block's beginning.
Shard ContributionOf(absl::Span<const ReduceBuffer> members, size_t member, Bytes offset, Bytes block_bytes) {
  if (members[0].combine != Combine::kShards) return {0, block_bytes};
  const Shard shard = ShardOf(members[0].bytes, static_cast<int>(member), static_cast<int>(members.size()));
  return PartInBlock(shard, offset, block_bytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NcclExchange>> NcclExchange::Create(NcclExchangeOptions options) {
  std::unique_ptr<NcclExchange> exchange(new NcclExchange(std::move(options)));
  const NcclExchangeOptions& own = exchange->options_;
  const Bytes staging = StagingBytes(static_cast<int>(own.rank_of_member.size()), own.block_bytes);
  BATON_ASSIGN_OR_RETURN(exchange->staging_, DeviceBytes::Create(*own.device, staging));
  return exchange;
}

absl::Status NcclExchange::Add(absl::Span<const ReduceBuffer> members, Stream& stream) {
  for (Bytes offset = 0; offset < members[0].bytes; offset += options_.block_bytes) {
    BATON_RETURN_IF_ERROR(Exchange(members, offset, stream));
    BATON_RETURN_IF_ERROR(AddBlock(members, offset, stream));
  }
  return absl::OkStatus();
}

absl::Status NcclExchange::Exchange(absl::Span<const ReduceBuffer> members, Bytes offset, Stream& stream) {
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, options_.connection->communicator());
  const auto native = static_cast<cudaStream_t>(stream.native_handle());
  const Bytes block_bytes = std::min(options_.block_bytes, members[0].bytes - offset);
  std::vector<Shard> parts;
  for (size_t member = 0; member < members.size(); ++member) {
    parts.push_back(ContributionOf(members, member, offset, block_bytes));
    if (!IsHere(member) || parts[member].bytes() == 0) continue;
    // Gradient norms are in memory of the host, and a member may be on another GPU of this process.
    BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(StagingOf(member) + parts[member].begin,
                                               members[member].data + offset + parts[member].begin,
                                               static_cast<size_t>(parts[member].bytes()), cudaMemcpyDefault, native));
  }
  const int num_ranks = 1 + *std::max_element(options_.rank_of_member.begin(), options_.rank_of_member.end());
  return communicator->Group([&]() -> absl::Status {
    for (size_t member = 0; member < members.size(); ++member) {
      const Shard& part = parts[member];
      if (part.bytes() == 0) continue;
      std::byte* const data = StagingOf(member) + part.begin;
      if (!IsHere(member)) {
        BATON_RETURN_IF_ERROR(communicator->Receive(native, data, part.bytes(), options_.rank_of_member[member]));
        continue;
      }
      for (int peer = 0; peer < num_ranks; ++peer) {
        if (peer == options_.rank) continue;
        BATON_RETURN_IF_ERROR(communicator->Send(native, data, part.bytes(), peer));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status NcclExchange::AddBlock(absl::Span<const ReduceBuffer> members, Bytes offset, Stream& stream) {
  block_.assign(members.begin(), members.end());
  for (size_t member = 0; member < members.size(); ++member) {
    block_[member].data = IsHere(member) ? members[member].data + offset : StagingOf(member);
    block_[member].bytes = std::min(options_.block_bytes, members[member].bytes - offset);
  }
  return SumMembers(block_, stream, offset, members[0].bytes);
}

}  // namespace baton
