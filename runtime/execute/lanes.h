// The streams of a device and the channels between devices, shared by all programs of one executor.
// Used by Executor (channels) and Worker (streams).
#ifndef BATON_RUNTIME_EXECUTE_LANES_H_
#define BATON_RUNTIME_EXECUTE_LANES_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/device.h"
#include "runtime/transport/channel.h"
#include "runtime/transport/transport.h"

namespace baton {

// The streams of one device: one for compute, for each peer one that sends and one that receives, and for each reduce
// group one for its collectives.
// Streams are made when first asked for and live as long as this.
// Thread contract: the device's worker. Borrows the device.
class DeviceLanes {
 public:
  DeviceLanes(Device* device, int num_devices) : device_(device), sends_(num_devices), receives_(num_devices) {}

  // Errors: those of Device::CreateStream.
  absl::StatusOr<Stream*> Compute() { return Get(compute_); }
  absl::StatusOr<Stream*> SendsTo(int peer) { return Get(sends_[peer]); }
  absl::StatusOr<Stream*> ReceivesFrom(int peer) { return Get(receives_[peer]); }
  absl::StatusOr<Stream*> CombinesFor(int group);

 private:
  absl::StatusOr<Stream*> Get(std::unique_ptr<Stream>& stream);

  Device* const device_;
  std::unique_ptr<Stream> compute_;
  std::vector<std::unique_ptr<Stream>> sends_;     // [peer]
  std::vector<std::unique_ptr<Stream>> receives_;  // [peer]
  std::vector<std::unique_ptr<Stream>> groups_;    // [group] of any program
};

// The channels between all pairs of devices. Steps of all programs use the same channel of a pair, one step at a time.
// A program that posts more transfers than the pair's channel can queue gets a larger one; the smaller one stays, since
// earlier programs and recorded steps refer to it.
// Thread contract: the launching thread. Borrows the transport.
class ChannelTable {
 public:
  ChannelTable(Transport* transport, int num_devices)
      : transport_(transport), num_devices_(num_devices), channels_(static_cast<size_t>(num_devices) * num_devices) {}

  // A channel from device `from` to device `to` for at least `capacity` transfers posted by one side and not matched.
  // Errors: those of Transport::CreateChannel.
  absl::StatusOr<Channel*> Get(int from, int to, int capacity);
  // Clears unmatched transfers of all channels. No step may run.
  void Reset();

 private:
  struct Sized {
    int capacity = 0;
    std::unique_ptr<Channel> channel;
  };

  Transport* const transport_;
  const int num_devices_;
  std::vector<std::vector<Sized>> channels_;  // [from · num_devices + to], by rising capacity
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_LANES_H_
