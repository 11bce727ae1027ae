// Enqueuing the blocks.
#include "runtime/transport/nccl/nccl_exchange.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/kernel_observer.h"
#include "base/status.h"
#include "runtime/transport/cuda/sum_members.h"

namespace baton {
namespace {

// The memory may be the host's (gradient norms), or of another GPU of this process.
absl::Status Copy(std::byte* to, const std::byte* from, Bytes bytes, cudaStream_t stream) {
  if (bytes == 0) return absl::OkStatus();
  const KernelScope scope(stream, [&] {
    return KernelWork{"copy", absl::StrCat("pass=staging bytes=", bytes), 2.0 * static_cast<double>(bytes), 0};
  });
  BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault, stream));
  return absl::OkStatus();
}

}  // namespace

NcclExchange::NcclExchange(NcclExchangeOptions options) : options_(std::move(options)) {
  const std::vector<int>& ranks = options_.rank_of_member;
  processes_.resize(1 + *std::max_element(ranks.begin(), ranks.end()), {-1, -1});
  for (int member = 0; member < static_cast<int>(ranks.size()); ++member) {
    MemberRange& own = processes_[ranks[member]];
    if (own.first < 0) own.first = member;
    own.last = member;
  }
}

absl::StatusOr<std::unique_ptr<NcclExchange>> NcclExchange::Create(NcclExchangeOptions options) {
  std::unique_ptr<NcclExchange> exchange(new NcclExchange(std::move(options)));
  const NcclExchangeOptions& own = exchange->options_;
  const Bytes staging = StagingBytes(static_cast<int>(own.rank_of_member.size()), own.block_bytes);
  BATON_ASSIGN_OR_RETURN(exchange->staging_, DeviceBytes::Create(*own.device, staging));
  return exchange;
}

absl::Status NcclExchange::Add(absl::Span<const ReduceBuffer> members, Stream& stream) {
  if (members[0].bytes == 0) return absl::OkStatus();
  parts_ = SumParts(members[0], static_cast<int>(members.size()), processes_, /*through_one=*/false);
  parts_.CutIntoBlocks(options_.block_bytes);
  for (int64_t block = 0; block < parts_.num_blocks(); ++block) {
    BATON_RETURN_IF_ERROR(ExchangeMembers(members, block, stream));
    BATON_RETURN_IF_ERROR(AddPart(members, block, stream));
    if (parts_.sends_sums()) BATON_RETURN_IF_ERROR(ExchangeSums(members, block, stream));
  }
  return absl::OkStatus();
}

absl::Status NcclExchange::Stage(const ReduceBuffer& buffer, int member, int64_t block, int rank, Stream& stream) {
  const SumPart sent = parts_.ContributionOf(member, block, rank);
  return Copy(StagingOf(member) + sent.place, buffer.data + sent.begin, sent.bytes,
              static_cast<cudaStream_t>(stream.native_handle()));
}

absl::Status NcclExchange::RunTogether(NcclCommunicator& communicator, const std::vector<Transfer>& transfers,
                                       Stream& stream) {
  const auto native = static_cast<cudaStream_t>(stream.native_handle());
  const auto bytes = [&] {
    return std::accumulate(transfers.begin(), transfers.end(), Bytes{0},
                           [](Bytes sum, const Transfer& transfer) { return sum + transfer.bytes; });
  };
  return communicator.Group(native, bytes, [&]() -> absl::Status {
    for (const Transfer& each : transfers) {
      if (each.bytes == 0) continue;
      BATON_RETURN_IF_ERROR(each.sends ? communicator.Send(native, each.data, each.bytes, each.peer)
                                       : communicator.Receive(native, each.data, each.bytes, each.peer));
    }
    return absl::OkStatus();
  });
}

absl::Status NcclExchange::ExchangeMembers(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream) {
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, options_.connection->communicator());
  const int num_ranks = parts_.num_processes();
  for (size_t member = 0; member < members.size(); ++member) {
    if (!IsHere(member)) continue;
    // Directly all processes get the same.
    const int first = parts_.way() == SumWay::kDirectly ? options_.rank : 0;
    const int end = parts_.way() == SumWay::kDirectly ? options_.rank + 1 : num_ranks;
    for (int rank = first; rank < end; ++rank) {
      if (rank == options_.rank && parts_.way() != SumWay::kDirectly) continue;
      BATON_RETURN_IF_ERROR(Stage(members[member], static_cast<int>(member), block, rank, stream));
    }
  }
  std::vector<Transfer> transfers;
  for (int member = 0; member < static_cast<int>(members.size()); ++member) {
    for (int rank = 0; rank < num_ranks; ++rank) {
      // A member that is here goes to all other processes; one that is elsewhere comes here.
      const bool sends = IsHere(member);
      if (sends == (rank == options_.rank)) continue;
      const SumPart part = parts_.ContributionOf(member, block, sends ? rank : options_.rank);
      transfers.push_back(
          {sends, StagingOf(member) + part.place, part.bytes, sends ? rank : options_.rank_of_member[member]});
    }
  }
  return RunTogether(*communicator, transfers, stream);
}

// The sum is also in the staging memory of members that are elsewhere.
absl::Status NcclExchange::AddPart(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream) {
  const SumPart own = parts_.PartOf(block, options_.rank);
  if (own.bytes == 0) return absl::OkStatus();
  part_.assign(members.begin(), members.end());
  for (size_t member = 0; member < members.size(); ++member) {
    part_[member].data = IsHere(member) ? members[member].data + own.begin : StagingOf(member) + own.place;
    part_[member].bytes = own.bytes;
    part_[member].combine = parts_.CombineOf(members[member]);
  }
  return SumMembers(part_, stream, own.begin, members[0].bytes);
}

absl::Status NcclExchange::ExchangeSums(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream) {
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, options_.connection->communicator());
  const auto native = static_cast<cudaStream_t>(stream.native_handle());
  const SumPart own = parts_.PartOf(block, options_.rank);
  const std::vector<int>& ranks = options_.rank_of_member;
  const size_t first_here = std::find(ranks.begin(), ranks.end(), options_.rank) - ranks.begin();
  const size_t elsewhere =
      first_here == 0
          ? std::find_if(ranks.begin(), ranks.end(), [&](int rank) { return rank != options_.rank; }) - ranks.begin()
          : 0;
  // The first member here has sent all that was in its staging memory.
  std::byte* const sums = StagingOf(first_here);
  std::vector<Transfer> transfers;
  for (int rank = 0; rank < parts_.num_processes(); ++rank) {
    if (rank == options_.rank) continue;
    const SumPart part = parts_.PartOf(block, rank);
    transfers.push_back({/*sends=*/true, StagingOf(elsewhere) + own.place, own.bytes, rank});
    transfers.push_back({/*sends=*/false, sums + part.place, part.bytes, rank});
  }
  BATON_RETURN_IF_ERROR(RunTogether(*communicator, transfers, stream));
  for (size_t member = 0; member < members.size(); ++member) {
    if (!IsHere(member)) continue;
    // The own part is there already.
    const SumPart whole = parts_.Block(block);
    const Bytes behind = own.place + own.bytes;
    std::byte* const data = members[member].data + whole.begin;
    BATON_RETURN_IF_ERROR(Copy(data, sums, own.place, native));
    BATON_RETURN_IF_ERROR(Copy(data + behind, sums + behind, whole.bytes - behind, native));
  }
  return absl::OkStatus();
}

}  // namespace baton
