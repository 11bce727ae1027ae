// The transport of one process of a run: connections with the other processes where a pair of devices needs one, and a
// local transport between its own devices. Used by run_devices.h and by `baton rehearse`.
#ifndef BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_
#define BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/process/control.h"
#include "runtime/transport/remote_transport.h"
#include "runtime/transport/router/router.h"
#include "runtime/transport/store.h"

namespace baton {

// Thread contract: one thread at a time; Abort from any thread. Borrows the control plane and the local transport.
class ProcessTransport {
 public:
  // Makes the transport to other processes, whose keys in the store begin with `key_prefix`; null: Gloo.
  using MakeRemote =
      std::function<absl::StatusOr<std::unique_ptr<RemoteTransport>>(Store* store, const std::string& key_prefix)>;

  // All processes of the run call it at the same time. `rank_of_device`: see DealDevices in runtime/planning.
  // `moves_data`: false for rehearsals, whose arenas have no memory. Errors: those of the transport and of the control
  // plane.
  static absl::StatusOr<std::unique_ptr<ProcessTransport>> Create(Control& control,
                                                                  const std::vector<int>& rank_of_device,
                                                                  Transport* local, bool moves_data,
                                                                  const MakeRemote& make_remote = nullptr);

  Transport& transport() const { return *router_; }
  // Blocks until all connections are made that channels and sums need. Errors: those of the transport.
  absl::Status AwaitConnected() { return remote_->AwaitConnected(); }
  // Ends whatever waits for another process.
  void Abort(const absl::Status& status) { remote_->Abort(status); }

 private:
  std::unique_ptr<RemoteTransport> remote_;
  std::unique_ptr<Router> router_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_
