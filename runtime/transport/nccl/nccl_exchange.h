// The part of a sum, or of an exchange of shards, in which members of several processes meet: members travel by NCCL,
// and are combined by the kernel that one process uses, so that the bits do not depend on where members are. Used by
// the collectives of NcclTransport. SumParts says which process adds what. Blocks go one after the other, on one
// stream:
//
//   directly         own members ─▶ staging ─▶ all others
//                    staging ◀─ members of others ─ combine ─▶ own members
//   through parts    own members ─▶ staging ─ the part of each process ─▶ that process
//                    staging ◀─ own part of the members of others ─ combine ─▶ own members
//                    the sum of the own part ─▶ all others
//                    staging ◀─ the sums of the other parts ─▶ own members
//   scattered        as through parts, without the last two
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/cuda/cuda_collective.h"
#include "runtime/transport/nccl/device_bytes.h"
#include "runtime/transport/nccl/nccl_connection.h"
#include "runtime/transport/nccl/staging.h"
#include "runtime/transport/sum_parts.h"

namespace baton {

struct NcclExchangeOptions {
  CudaDevice* device = nullptr;  // whose GPU adds; borrowed
  std::shared_ptr<NcclConnection> connection;
  int rank = 0;                     // in the connection
  std::vector<int> rank_of_member;  // likewise; every rank has at least one
  Bytes block_bytes = kExchangeBlockBytes;
};

// Thread contract: one thread at a time. Owns staging memory of StagingBytes.
class NcclExchange final : public CudaSum {
 public:
  // Errors: those of CUDA.
  static absl::StatusOr<std::unique_ptr<NcclExchange>> Create(NcclExchangeOptions options);
  ~NcclExchange() override { Reset(); }  // before the staging memory is freed

  // The GPU must be able to access all members that are here. An empty sum is done at once. Errors: those of NCCL, and
  // of SumMembers.
  absl::Status Add(absl::Span<const ReduceBuffer> members, Stream& stream) override;
  void Reset() override { options_.connection->Abort(); }

 private:
  explicit NcclExchange(NcclExchangeOptions options);
  bool IsHere(size_t member) const { return options_.rank_of_member[member] == options_.rank; }
  std::byte* StagingOf(size_t member) const {
    return staging_.data() + static_cast<Bytes>(member) * options_.block_bytes;
  }
  // One of NCCL's calls.
  struct Transfer {
    bool sends = false;
    std::byte* data = nullptr;
    Bytes bytes = 0;  // 0: there is none
    int peer = 0;
  };
  absl::Status RunTogether(NcclCommunicator& communicator, const std::vector<Transfer>& transfers, Stream& stream);
  // The part that the process of `rank` gets of an own member.
  absl::Status Stage(const ReduceBuffer& buffer, int member, int64_t block, int rank, Stream& stream);
  absl::Status ExchangeMembers(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream);
  absl::Status AddPart(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream);
  absl::Status ExchangeSums(absl::Span<const ReduceBuffer> members, int64_t block, Stream& stream);

  const NcclExchangeOptions options_;
  std::vector<MemberRange> processes_;  // [rank]
  DeviceBytes staging_;
  SumParts parts_;                  // of the sum that is enqueued
  std::vector<ReduceBuffer> part_;  // [member]
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_
