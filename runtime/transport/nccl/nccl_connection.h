// A communicator between processes that find each other by a store. Used by NcclChannel and NcclExchange.
//
//   rank 0    Connect: id ─▶ store ─┐         ┌▶ a byte to each peer
//   rank 1    Connect:      store ─▶ id ─ join ┴▶ a byte to each peer ─ connected
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CONNECTION_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/nccl/nccl_communicator.h"
#include "runtime/transport/store.h"

namespace baton {

struct NcclConnectionOptions {
  CudaDevice* device = nullptr;  // borrowed
  Store* store = nullptr;        // borrowed
  std::string key;               // of the store: the same in all processes of this connection, and in no other
  int rank = 0;                  // in the communicator, not in the run
  int num_ranks = 0;
  int64_t timeout_ms = 60'000;
};

// Thread contract: one thread at a time. Lifecycle: Connect once, then communicator().
class NcclConnection {
 public:
  explicit NcclConnection(NcclConnectionOptions options) : options_(std::move(options)) {}
  // Connected already; for tests that make their communicators themselves.
  explicit NcclConnection(std::unique_ptr<NcclCommunicator> communicator) : communicator_(std::move(communicator)) {}

  const std::string& key() const { return options_.key; }

  // Blocks until all processes have called it. NCCL connects two ranks in their first transfer, whose call blocks until
  // then. A byte goes to each peer here, so that no later call does. Errors: those of the store and of NCCL.
  absl::Status Connect();
  // Errors: FailedPrecondition before Connect.
  absl::StatusOr<NcclCommunicator*> communicator() const;
  // Ends transfers that are enqueued; nothing more can be sent.
  void Abort();

 private:
  absl::Status SendFirstBytes();

  const NcclConnectionOptions options_;
  std::unique_ptr<NcclCommunicator> communicator_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CONNECTION_H_
