// A connection with one other process: a Gloo context of two members. The only file, with its .cc, that calls Gloo.
// Used by GlooPair.
//
// Gloo has one thread a process that moves bytes between sockets and memory; a Send or Receive only posts. A send moves
// once the other side has posted the receive with the same number. Gloo throws exceptions; here they become statuses.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CONNECTION_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CONNECTION_H_

#include <gloo/transport/unbound_buffer.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/transport/store.h"

namespace gloo {
namespace transport {
class Context;
class Device;
}  // namespace transport
}  // namespace gloo

namespace baton {

using GlooBuffer = gloo::transport::UnboundBuffer;
using GlooSecret = std::array<uint64_t, 2>;

// Long enough to be for ever, short enough that no time overflows.
constexpr std::chrono::milliseconds kGlooForever = std::chrono::hours(24 * 365);

// The network interface that connections of this process use: the one that has `address` (a number or a host's name),
// or the one named `interface` if that is not empty. Starts Gloo's thread, which lives as long as the device.
// Errors: InvalidArgument if there is no such address or interface on this machine.
absl::StatusOr<std::shared_ptr<gloo::transport::Device>> MakeGlooDevice(const std::string& address,
                                                                        const std::string& interface);

struct GlooConnectionOptions {
  int rank = 0;
  int peer = 0;
  std::string key_prefix;  // of the store's keys
  Store* store = nullptr;
  std::shared_ptr<gloo::transport::Device> device;
  std::chrono::milliseconds timeout{0};
  const std::atomic<bool>* stop = nullptr;  // true: give up
};

// Thread contract: any thread; a buffer has one operation at a time. Lifecycle: Create, Connect, then the rest.
class GlooConnection {
 public:
  // Listens at a free port until Connect has found the other process. Errors: Unavailable.
  static absl::StatusOr<std::unique_ptr<GlooConnection>> Create(const GlooConnectionOptions& options);
  // Blocks until the other process connects as well. Errors: Unavailable, DeadlineExceeded, those of the store;
  // Cancelled by `stop`. After a Close it may also return OK; the connection is then broken.
  absl::Status Connect();

  // A random number of each side that the store carried: who knows it has read the store.
  const GlooSecret& own_secret() const { return own_secret_; }
  const GlooSecret& peer_secret() const { return peer_secret_; }

  // A handle of an operation on any memory. Must be destroyed before the connection.
  std::unique_ptr<GlooBuffer> MakeBuffer();
  // The n-th send with a number matches the n-th receive with it.
  absl::Status Send(GlooBuffer& buffer, uint64_t number, const void* data, Bytes bytes);
  absl::Status Receive(GlooBuffer& buffer, uint64_t number, void* data, Bytes bytes);
  // Block until the operation is done. Errors: Unavailable if the connection broke, or after the timeout; Cancelled by
  // GlooBuffer::abortWaitSend and abortWaitRecv.
  static absl::Status AwaitSend(GlooBuffer& buffer, std::chrono::milliseconds timeout);
  static absl::Status AwaitReceive(GlooBuffer& buffer, std::chrono::milliseconds timeout);
  // Breaks the connection, also while Connect blocks: when it returns, no memory is read or written any more. Wakes
  // nobody on this side.
  void Close();

 private:
  explicit GlooConnection(const GlooConnectionOptions& options);

  absl::StatusOr<std::string> GetUnlessStopped(const std::string& key) const;

  const GlooConnectionOptions options_;
  const std::string pair_prefix_;
  const std::chrono::steady_clock::time_point deadline_;  // of Connect
  const int peer_member_;                                 // 0 or 1
  GlooSecret own_secret_{};
  GlooSecret peer_secret_{};
  std::shared_ptr<gloo::transport::Context> context_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CONNECTION_H_
