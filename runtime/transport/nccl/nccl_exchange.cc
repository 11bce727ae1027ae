// Enqueuing the blocks.
#include "runtime/transport/nccl/nccl_exchange.h"

#include <algorithm>
#include <utility>

#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/transport/cuda/sum_members.h"

namespace baton {
namespace {

// The memory may be the host's (gradient norms), or of another GPU of this process.
absl::Status Copy(std::byte* to, const std::byte* from, Bytes bytes, cudaStream_t stream) {
  if (bytes == 0) return absl::OkStatus();
  BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault, stream));
  return absl::OkStatus();
}

}  // namespace

NcclExchange::NcclExchange(NcclExchangeOptions options)
    : options_(std::move(options)),
      num_ranks_(1 + *std::max_element(options_.rank_of_member.begin(), options_.rank_of_member.end())) {}

absl::StatusOr<std::unique_ptr<NcclExchange>> NcclExchange::Create(NcclExchangeOptions options) {
  std::unique_ptr<NcclExchange> exchange(new NcclExchange(std::move(options)));
  const NcclExchangeOptions& own = exchange->options_;
  const Bytes staging = StagingBytes(static_cast<int>(own.rank_of_member.size()), own.block_bytes);
  BATON_ASSIGN_OR_RETURN(exchange->staging_, DeviceBytes::Create(*own.device, staging));
  return exchange;
}

absl::Status NcclExchange::Add(absl::Span<const ReduceBuffer> members, Stream& stream) {
  const Bytes total = members[0].bytes;
  parts_ = SumParts(members[0], static_cast<int>(members.size()), num_ranks_, /*through_one=*/false);
  SumBlock block;
  for (; block.offset < total; block.offset += options_.block_bytes) {
    block.bytes = std::min(options_.block_bytes, total - block.offset);
    BATON_RETURN_IF_ERROR(ExchangeMembers(members, block, stream));
    BATON_RETURN_IF_ERROR(AddPart(members, block, stream));
    if (parts_.way() == SumWay::kThroughParts) BATON_RETURN_IF_ERROR(ExchangeSums(members, block, stream));
  }
  return absl::OkStatus();
}

absl::Status NcclExchange::ExchangeMembers(absl::Span<const ReduceBuffer> members, const SumBlock& block,
                                           Stream& stream) {
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, options_.connection->communicator());
  const auto native = static_cast<cudaStream_t>(stream.native_handle());
  for (size_t member = 0; member < members.size(); ++member) {
    if (!IsHere(member)) continue;
    Shard sent = {0, block.bytes};
    if (parts_.way() == SumWay::kDirectly) {
      sent = parts_.ContributionOf(static_cast<int>(member), block, options_.rank);
    }
    BATON_RETURN_IF_ERROR(
        Copy(StagingOf(member) + sent.begin, members[member].data + block.offset + sent.begin, sent.bytes(), native));
  }
  return communicator->Group([&]() -> absl::Status {
    for (size_t member = 0; member < members.size(); ++member) {
      for (int rank = 0; rank < num_ranks_; ++rank) {
        // A member that is here goes to all other processes; one that is elsewhere comes here.
        if (IsHere(member) == (rank == options_.rank)) continue;
        const Shard part = parts_.ContributionOf(static_cast<int>(member), block, rank);
        if (part.bytes() == 0) continue;
        std::byte* const data = StagingOf(member) + part.begin;
        BATON_RETURN_IF_ERROR(IsHere(member)
                                  ? communicator->Send(native, data, part.bytes(), rank)
                                  : communicator->Receive(native, data, part.bytes(), options_.rank_of_member[member]));
      }
    }
    return absl::OkStatus();
  });
}

// The sum is also in the staging memory of members that are elsewhere.
absl::Status NcclExchange::AddPart(absl::Span<const ReduceBuffer> members, const SumBlock& block, Stream& stream) {
  const Shard own = parts_.PartOf(block, options_.rank);
  if (own.bytes() == 0) return absl::OkStatus();
  part_.assign(members.begin(), members.end());
  for (size_t member = 0; member < members.size(); ++member) {
    part_[member].data = (IsHere(member) ? members[member].data + block.offset : StagingOf(member)) + own.begin;
    part_[member].bytes = own.bytes();
  }
  return SumMembers(part_, stream, block.offset + own.begin, members[0].bytes);
}

absl::Status NcclExchange::ExchangeSums(absl::Span<const ReduceBuffer> members, const SumBlock& block, Stream& stream) {
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, options_.connection->communicator());
  const auto native = static_cast<cudaStream_t>(stream.native_handle());
  const Shard own = parts_.PartOf(block, options_.rank);
  const std::vector<int>& ranks = options_.rank_of_member;
  const size_t first_here = std::find(ranks.begin(), ranks.end(), options_.rank) - ranks.begin();
  const size_t elsewhere =
      first_here == 0
          ? std::find_if(ranks.begin(), ranks.end(), [&](int rank) { return rank != options_.rank; }) - ranks.begin()
          : 0;
  // The first member here has sent all that was in its staging memory.
  std::byte* const sums = StagingOf(first_here);
  BATON_RETURN_IF_ERROR(communicator->Group([&]() -> absl::Status {
    for (int rank = 0; rank < num_ranks_; ++rank) {
      if (rank == options_.rank) continue;
      const Shard part = parts_.PartOf(block, rank);
      if (own.bytes() > 0) {
        BATON_RETURN_IF_ERROR(communicator->Send(native, StagingOf(elsewhere) + own.begin, own.bytes(), rank));
      }
      if (part.bytes() == 0) continue;
      BATON_RETURN_IF_ERROR(communicator->Receive(native, sums + part.begin, part.bytes(), rank));
    }
    return absl::OkStatus();
  }));
  for (size_t member = 0; member < members.size(); ++member) {
    if (!IsHere(member)) continue;
    std::byte* const data = members[member].data + block.offset;
    BATON_RETURN_IF_ERROR(Copy(data, sums, own.begin, native));
    BATON_RETURN_IF_ERROR(Copy(data + own.end, sums + own.end, block.bytes - own.end, native));
  }
  return absl::OkStatus();
}

}  // namespace baton
