// A transport between this process and others: it connects, and can be given up. Implemented by Gloo for the host and
// by NCCL for GPUs; used by runtime/train.
#ifndef BATON_RUNTIME_TRANSPORT_REMOTE_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_REMOTE_TRANSPORT_H_

#include "absl/status/status.h"
#include "runtime/transport/transport.h"

namespace baton {

// Thread contract: see Transport; Abort and SetErrorSink from any thread.
class RemoteTransport : public Transport {
 public:
  // Blocks until all connections that channels and sums need are made. All processes call it after the same ones were
  // created. Errors: the first of a connection.
  virtual absl::Status AwaitConnected() = 0;
  // Ends waiting for other processes. The transport is then of no use. The error sink is not called.
  virtual void Abort(const absl::Status& status) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_REMOTE_TRANSPORT_H_
