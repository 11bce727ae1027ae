// Devices of the host in several emulated processes, each with a transport of its own, joined over loopback.
#include <utility>

#include "base/status.h"
#include "runtime/device/host/host_device.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/local/local_transport.h"
#include "runtime/transport/router/router.h"
#include "runtime/transport/testing/stores.h"
#include "tests/conformance/devices/machine_under_test.h"

namespace baton {
namespace {

constexpr Nanos kLate = 10'000'000'000;

// Both ends of a channel.
class JoinedChannel final : public Channel {
 public:
  JoinedChannel(std::unique_ptr<Channel> sender, std::unique_ptr<Channel> receiver)
      : sender_(std::move(sender)), receiver_(std::move(receiver)) {}

  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override {
    return sender_->Send(stream, data, bytes, done, started);
  }
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override {
    return receiver_->Receive(stream, data, bytes, done, started);
  }
  void Reset() override {
    sender_->Reset();
    receiver_->Reset();
  }

 private:
  const std::unique_ptr<Channel> sender_, receiver_;
};

// All processes' parts of a sum.
class JoinedCollective final : public Collective {
 public:
  JoinedCollective(std::vector<int> rank_of_device, std::vector<std::unique_ptr<Collective>> parts)
      : rank_of_device_(std::move(rank_of_device)), parts_(std::move(parts)) {}

  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override {
    const size_t rank = device < static_cast<int>(rank_of_device_.size()) ? rank_of_device_[device] : 0;
    return parts_[rank]->Arrive(stream, device, buffers, done, started);
  }
  void Reset() override {
    for (const auto& part : parts_) {
      if (part != nullptr) part->Reset();
    }
  }

 private:
  const std::vector<int> rank_of_device_;
  const std::vector<std::unique_ptr<Collective>> parts_;  // [rank]
};

// The transports of all processes.
class JoinedTransport final : public Transport {
 public:
  explicit JoinedTransport(std::vector<int> rank_of_device, bool routes) : rank_of_device_(std::move(rank_of_device)) {
    for (int rank = 0; rank <= rank_of_device_.back(); ++rank) {
      GlooTransportOptions options;
      options.rank = rank;
      options.rank_of_device = rank_of_device_;
      options.store = &store_;
      gloo_.push_back(GlooTransport::Create(options).value());
      local_.push_back(std::make_unique<LocalTransport>());
      if (routes)
        routers_.push_back(Router::Create({rank, rank_of_device_, local_[rank].get(), gloo_[rank].get()}).value());
    }
  }

  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override {
    const int sender = rank_of_device_[from], receiver = rank_of_device_[to];
    if (sender == receiver) return Of(sender).CreateChannel(from, to, capacity);
    BATON_ASSIGN_OR_RETURN(auto sends, Of(sender).CreateChannel(from, to, capacity));
    BATON_ASSIGN_OR_RETURN(auto receives, Of(receiver).CreateChannel(from, to, capacity));
    BATON_RETURN_IF_ERROR(gloo_[sender]->AwaitConnected());
    return std::make_unique<JoinedChannel>(std::move(sends), std::move(receives));
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override {
    std::vector<std::unique_ptr<Collective>> parts;
    for (size_t rank = 0; rank < gloo_.size(); ++rank) {
      BATON_ASSIGN_OR_RETURN(auto part, Of(static_cast<int>(rank)).CreateCollective(device_of_member));
      parts.push_back(std::move(part));
    }
    return std::make_unique<JoinedCollective>(rank_of_device_, std::move(parts));
  }
  void SetErrorSink(std::function<void(const absl::Status&)> sink) override {
    for (const auto& gloo : gloo_) gloo->SetErrorSink(sink);
  }

 private:
  Transport& Of(int rank) { return routers_.empty() ? static_cast<Transport&>(*gloo_[rank]) : *routers_[rank]; }

  const std::vector<int> rank_of_device_;
  MemoryStore store_;
  std::vector<std::unique_ptr<GlooTransport>> gloo_;    // [rank]
  std::vector<std::unique_ptr<LocalTransport>> local_;  // [rank]
  std::vector<std::unique_ptr<Router>> routers_;        // [rank]
};

MachineUnderTest Make(std::vector<int> rank_of_device, bool routes) {
  MachineUnderTest machine;
  for (size_t index = 0; index < rank_of_device.size(); ++index) {
    machine.devices.push_back(HostDevice::Create(static_cast<int>(index), {}).value());
  }
  machine.transport = std::make_unique<JoinedTransport>(std::move(rank_of_device), routes);
  return machine;
}

KindUnderTest Kind(std::string name, std::function<MachineUnderTest(int num_devices, int seed)> make) {
  KindUnderTest kind;
  kind.name = std::move(name);
  kind.abilities = {Ability::kSums};
  kind.clock_slack_ns = kLate;
  kind.lateness_ns = kLate;
  kind.make = std::move(make);
  return kind;
}

}  // namespace

std::vector<KindUnderTest> KindsUnderTest() {
  // A process for each device. A case with one device does without connections.
  KindUnderTest gloo = Kind("gloo", [](int num_devices, int) {
    std::vector<int> ranks;
    for (int rank = 0; rank < num_devices; ++rank) ranks.push_back(rank);
    return Make(ranks, /*routes=*/false);
  });
  // Two processes, or three; the seed says where the border is.
  KindUnderTest router = Kind("router", [](int num_devices, int seed) {
    std::vector<int> ranks(num_devices, 0);
    if (num_devices == 2) ranks[1] = seed % 2;
    if (num_devices == 3) ranks = {0, seed / 2, seed % 2 + seed / 2};
    return Make(ranks, /*routes=*/true);
  });
  router.num_seeds = 4;
  return {gloo, router};
}

}  // namespace baton
