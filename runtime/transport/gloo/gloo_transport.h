// The transport between devices of different processes, by Gloo over TCP. Used by Router; see gloo_pair.h for how bytes
// travel.
//
//   GlooTransportOptions options;
//   options.rank = 0;
//   options.rank_of_device = {0, 0, 1, 1};
//   options.store = &store;                       // shared by all processes
//   options.address = "10.0.0.7";                 // of this host
//   auto transport = GlooTransport::Create(options).value();
//   ... CreateChannel, CreateCollective: connect in the background
//   transport->AwaitConnected();
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_TRANSPORT_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "runtime/transport/remote_transport.h"
#include "runtime/transport/store.h"

namespace gloo {
namespace transport {
class Device;
}
}  // namespace gloo

namespace baton {

class GlooPair;

struct GlooTransportOptions {
  int rank = 0;                     // this process
  std::vector<int> rank_of_device;  // [device]
  Store* store = nullptr;
  // Begins all keys of the store. It must differ between runs and restarts, so that no process finds a dead one.
  std::string key_prefix;
  // Connections use the network interface of this address (a number or a host's name), or the one of this name if it is
  // not empty; nothing listens elsewhere.
  std::string address = "127.0.0.1";
  std::string interface;
  int64_t connect_timeout_ms = 60'000;  // at least 1
  // How long bytes that are on their way may take; 0: for ever, so that the control plane alone decides.
  int64_t transfer_timeout_ms = 0;
  // False: transfers carry no bytes, for rehearsals, whose slots have no memory.
  bool moves_data = true;
  // The name of a process in messages. Null: "rank N".
  std::function<std::string(int rank)> name_of_rank;
};

// Connects with a process when a channel or sum needs it; never with all. All processes must make the channels and sums
// that they share in the same order. Thread contract: see RemoteTransport.
class GlooTransport final : public RemoteTransport {
 public:
  // Errors: InvalidArgument for options out of range, or an address or interface that is not of this machine.
  static absl::StatusOr<std::unique_ptr<GlooTransport>> Create(GlooTransportOptions options);
  ~GlooTransport() override;

  // Errors besides Transport's: InvalidArgument if both devices are here or unknown.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;
  void SetErrorSink(std::function<void(const absl::Status&)> sink) override;

  // Errors: the first of a connection, with the names of both processes.
  absl::Status AwaitConnected() override;
  // Closes all connections.
  void Abort(const absl::Status& status) override;

 private:
  explicit GlooTransport(GlooTransportOptions options);

  absl::Status CheckDevice(int device) const;
  std::string NameOf(int rank) const;
  GlooPair* PairWith(int rank);
  void Report(const absl::Status& status);

  const GlooTransportOptions options_;
  std::shared_ptr<gloo::transport::Device> device_;
  // How many lanes there are of a kind between two devices or ranks, so that both sides give them the same number.
  std::map<std::array<int, 3>, int> num_lanes_;

  Mutex sink_mutex_;
  std::function<void(const absl::Status&)> sink_ ABSL_GUARDED_BY(sink_mutex_);
  absl::Status unreported_ ABSL_GUARDED_BY(sink_mutex_);

  Mutex pairs_mutex_;
  std::map<int, std::unique_ptr<GlooPair>> pairs_ ABSL_GUARDED_BY(pairs_mutex_);  // [rank]; destroyed first
  absl::Status abort_status_ ABSL_GUARDED_BY(pairs_mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_TRANSPORT_H_
