// One rank of a group of processes that communicate by NCCL. Used by NcclChannel: each pair of devices and direction
// has a communicator of its own.
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
  // The same for all ranks: one rank makes it with ncclGetUniqueId and sends it to the others.
  ncclUniqueId id = {};
  int rank = 0;       // from 0 to below num_ranks
  int num_ranks = 0;  // at least 1
  // How long a call may stay in progress, including the wait for other ranks to join.
  Nanos timeout_ns = 60'000'000'000;
};

// Uses NCCL's non-blocking mode (config.blocking = 0), so that no call hangs when a peer is gone: each call is polled
// until it is no longer in progress, for at most the timeout. Borrows the device. After an error or Abort nothing more
// can be sent. Thread contract: one thread at a time; after Create, the device's worker.
class NcclCommunicator {
 public:
  // Blocks until all ranks have joined. Errors: InvalidArgument for a rank out of range; DeadlineExceeded; those of
  // NCCL.
  static absl::StatusOr<std::unique_ptr<NcclCommunicator>> Create(CudaDevice* device,
                                                                  const NcclCommunicatorOptions& options);
  ~NcclCommunicator();  // aborts; does not wait for enqueued transfers
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Enqueue a transfer on `stream`, which is then blocked until the peer's call matches. The n-th Send to a rank
  // matches that rank's n-th Receive, which must have the same size. Errors: Cancelled if the device is;
  // FailedPrecondition once aborted.
  absl::Status Send(cudaStream_t stream, const std::byte* data, Bytes bytes, int peer);
  absl::Status Receive(cudaStream_t stream, std::byte* data, Bytes bytes, int peer);
  // Runs the transfers of `calls` together. Required for a rank that sends to itself. For an observer of kernels:
  // `stream`, that of the transfers or of one of them; `bytes`, those that this rank sends and receives.
  absl::Status Group(cudaStream_t stream, const std::function<Bytes()>& bytes,
                     const std::function<absl::Status()>& calls);
  // Errors: asynchronous errors of this rank or a peer.
  absl::Status Check();
  // Ends enqueued transfers, matched or not.
  void Abort();

 private:
  explicit NcclCommunicator(CudaDevice* device, Nanos timeout_ns) : device_(device), timeout_ns_(timeout_ns) {}

  // Polls until the call that returned `result` is no longer in progress.
  absl::Status Await(ncclResult_t result, const char* expression);

  CudaDevice* const device_;
  const Nanos timeout_ns_;
  ncclComm_t communicator_ = nullptr;
  bool in_group_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_COMMUNICATOR_H_
