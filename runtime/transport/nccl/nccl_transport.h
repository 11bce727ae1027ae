// The transport between GPUs of different processes, by NCCL. Used by Router; the local transport joins the GPUs of one
// process.
//
//   NcclTransportOptions options;
//   options.rank = 0;
//   options.rank_of_device = {0, 0, 1, 1};
//   options.devices = {gpu0, gpu1, nullptr, nullptr};
//   options.store = &store;                       // shared by all processes
//   auto transport = NcclTransport::Create(options).value();
//   ... CreateChannel, CreateCollective
//   transport->AwaitConnected();                  // in all processes
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_TRANSPORT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/nccl/nccl_connection.h"
#include "runtime/transport/remote_transport.h"
#include "runtime/transport/store.h"

namespace baton {

struct NcclTransportOptions {
  int rank = 0;                      // this process
  std::vector<int> rank_of_device;   // [device]
  std::vector<CudaDevice*> devices;  // [device]; null for those of other processes
  Store* store = nullptr;
  std::string key_prefix;  // begins all keys; it must differ between runs and restarts
  int64_t connect_timeout_ms = 60'000;
};

// Each channel has a communicator of two ranks, each collective one with a rank for each of its processes; NCCL refuses
// a communicator with two ranks on one GPU. Channels and collectives connect in AwaitConnected, one after the other in
// an order that all processes share, so that they do not wait for each other in a ring. Thread contract: see
// RemoteTransport. Borrows the devices and the store.
class NcclTransport final : public RemoteTransport {
 public:
  // Errors: InvalidArgument without a store, or if the tables of devices differ in size.
  static absl::StatusOr<std::unique_ptr<NcclTransport>> Create(NcclTransportOptions options);

  // Errors besides Transport's: InvalidArgument if both devices are here or unknown; those of CUDA.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;
  // Errors: also that of Abort.
  absl::Status AwaitConnected() override;
  // Does not wake threads that wait for a GPU: the executor cancels their device.
  void Abort(const absl::Status& status) override;

 private:
  explicit NcclTransport(NcclTransportOptions options) : options_(std::move(options)) {}
  absl::Status CheckDevice(int device) const;
  // A connection of this process as `rank` of `num_ranks`, to be made by AwaitConnected. `name`: the same in all
  // processes of it; the n-th one of a name gets the number n.
  std::shared_ptr<NcclConnection> Plan(CudaDevice* device, const std::string& name, int rank, int num_ranks);

  const NcclTransportOptions options_;
  std::map<std::string, int> num_of_name_;
  std::map<std::string, std::weak_ptr<NcclConnection>> planned_;  // by key
  Mutex mutex_;
  absl::Status abort_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_TRANSPORT_H_
