// The transport of one process of a run: connections with the other processes where a pair of devices needs one, and a
// local transport between its own devices. Used by run_devices.h and by `baton rehearse`.
#ifndef BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_
#define BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/process/control.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/router/router.h"

namespace baton {

// [device]: the rank of its process, ascending. Errors: InvalidArgument if there are more processes than devices, or if
// devices.per_process is for another number of processes.
absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int count, int num_processes);

// Thread contract: one thread at a time; Abort from any thread. Borrows the control plane and the local transport.
class ProcessTransport {
 public:
  // All processes of the run call it at the same time. `rank_of_device`: see DealDevices. `moves_data`: false for
  // rehearsals, whose arenas have no memory. Errors: those of GlooTransport and of the control plane.
  static absl::StatusOr<std::unique_ptr<ProcessTransport>> Create(Control& control,
                                                                  const std::vector<int>& rank_of_device,
                                                                  Transport* local, bool moves_data);

  Transport& transport() const { return *router_; }
  // Blocks until all connections are made that channels and sums need. Errors: those of GlooTransport.
  absl::Status AwaitConnected() { return gloo_->AwaitConnected(); }
  // Ends whatever waits for another process.
  void Abort(const absl::Status& status) { gloo_->Abort(status); }

 private:
  std::unique_ptr<GlooTransport> gloo_;
  std::unique_ptr<Router> router_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROCESS_TRANSPORT_H_
