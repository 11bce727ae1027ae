// One rank of a group of processes that talk by NCCL. Used by NcclChannel, which has one communicator a pair of
// neighbours and direction.
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_COMMUNICATOR_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_COMMUNICATOR_H_

#include <nccl.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/device/cuda/cuda_device.h"

namespace baton {

struct NcclCommunicatorOptions {
  // One rank makes it by ncclGetUniqueId and brings it to the others.
  ncclUniqueId id = {};
  int rank = 0;
  int num_ranks = 0;
  // How long a call may be in progress, the others' joining included.
  Nanos timeout_ns = 60'000'000'000;
};

// Non-blocking (NCCL's config.blocking = 0): no call hangs when a peer is gone; each is polled until it is no longer in
// progress, at most for the timeout. Borrows the device. After an error, or Abort, nothing more can be sent.
// Thread contract: one thread at a time, that of the device's worker once made.
class NcclCommunicator {
 public:
  // Blocks until all ranks have joined. Errors: InvalidArgument for a rank out of range; DeadlineExceeded; what NCCL
  // says.
  static absl::StatusOr<std::unique_ptr<NcclCommunicator>> Create(CudaDevice* device,
                                                                  const NcclCommunicatorOptions& options);
  ~NcclCommunicator();  // waits for nothing: aborts
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Enqueued on `stream`, which is blocked from there until the peer's call matches. The n-th Send to a rank meets the
  // n-th Receive over there, with as many bytes. Errors: Cancelled if the device was; FailedPrecondition once aborted.
  absl::Status Send(cudaStream_t stream, const std::byte* data, Bytes bytes, int peer);
  absl::Status Receive(cudaStream_t stream, std::byte* data, Bytes bytes, int peer);
  // The calls in `calls` go on together; a rank that sends to itself needs it.
  absl::Status Group(const std::function<absl::Status()>& calls);
  // What went wrong meanwhile, on this rank or a peer.
  absl::Status Check();
  // Ends what is enqueued, matched or not.
  void Abort();

 private:
  explicit NcclCommunicator(CudaDevice* device, Nanos timeout_ns) : device_(device), timeout_ns_(timeout_ns) {}

  // Polls until what returned `result` is no longer in progress.
  absl::Status Await(ncclResult_t result, const char* expression);

  CudaDevice* const device_;
  const Nanos timeout_ns_;
  ncclComm_t communicator_ = nullptr;
  bool in_group_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_COMMUNICATOR_H_
