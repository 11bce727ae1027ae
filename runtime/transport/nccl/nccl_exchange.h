// The part of a sum, or of an exchange of shards, in which members of several processes meet: each process sends its
// own members to all others, and combines all members by the kernel that one process uses, so that the bits do not
// depend on where members are. Used by the collectives of NcclTransport.
//
//   block by block, on one stream:   own members ─▶ staging ─▶ all others
//                                    staging ◀─ members of others
//                                    combine ─▶ own members
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/shards.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/cuda/cuda_collective.h"
#include "runtime/transport/nccl/device_bytes.h"
#include "runtime/transport/nccl/nccl_connection.h"
#include "runtime/transport/nccl/staging.h"

namespace baton {

struct NcclExchangeOptions {
  CudaDevice* device = nullptr;  // whose GPU adds; borrowed
  std::shared_ptr<NcclConnection> connection;
  int rank = 0;                     // in the connection
  std::vector<int> rank_of_member;  // likewise
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
  explicit NcclExchange(NcclExchangeOptions options) : options_(std::move(options)) {}
  bool IsHere(size_t member) const { return options_.rank_of_member[member] == options_.rank; }
  std::byte* StagingOf(size_t member) const {
    return staging_.data() + static_cast<Bytes>(member) * options_.block_bytes;
  }
  absl::Status AddBlock(absl::Span<const ReduceBuffer> members, Bytes offset, Stream& stream);
  absl::Status Exchange(absl::Span<const ReduceBuffer> members, Bytes offset, Stream& stream);

  const NcclExchangeOptions options_;
  DeviceBytes staging_;
  std::vector<ReduceBuffer> block_;  // [member]
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_EXCHANGE_H_
