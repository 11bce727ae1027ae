// Making CUDA devices, and pairs of NCCL's ends.
#include "tests/conformance/devices/cuda_kinds.h"

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "runtime/transport/cuda/cuda_transport.h"
#include "runtime/transport/nccl/nccl_channel.h"

namespace baton {
namespace {

constexpr Nanos kClockSlack = 1'000'000'000;

MachineUnderTest MakeDevices(int num_devices) {
  MachineUnderTest machine;
  for (int index = 0; index < num_devices; ++index) machine.devices.push_back(CudaDevice::Create(index).value());
  return machine;
}

std::vector<CudaDevice*> DevicesOf(const MachineUnderTest& machine) {
  std::vector<CudaDevice*> devices;
  for (const auto& device : machine.devices) devices.push_back(static_cast<CudaDevice*>(device.get()));
  return devices;
}

// Both ends of a channel in one process.
class NcclEnds final : public Channel {
 public:
  NcclEnds(std::unique_ptr<NcclChannel> sender, std::unique_ptr<NcclChannel> receiver)
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
  const std::unique_ptr<NcclChannel> sender_, receiver_;
};

class NcclPairs final : public Transport {
 public:
  explicit NcclPairs(std::vector<CudaDevice*> devices) : devices_(std::move(devices)) {}

  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int) override {
    if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
    NcclCommunicatorOptions options;
    BATON_RETURN_IF_CUDA_ERROR(ncclGetUniqueId(&options.id));
    options.num_ranks = 2;
    // Joining blocks until the other rank joins.
    absl::StatusOr<std::unique_ptr<NcclCommunicator>> ends[2];
    std::vector<std::thread> threads;
    for (int rank = 0; rank < 2; ++rank) {
      threads.emplace_back([&, rank] {
        NcclCommunicatorOptions of_rank = options;
        of_rank.rank = rank;
        ends[rank] = NcclCommunicator::Create(devices_[rank == 0 ? from : to], of_rank);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& end : ends) {
      if (!end.ok()) return end.status();
    }
    return std::make_unique<NcclEnds>(std::make_unique<NcclChannel>(*std::move(ends[0]), 1),
                                      std::make_unique<NcclChannel>(*std::move(ends[1]), 0));
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t>) override {
    return absl::UnimplementedError("sums between processes are not implemented");
  }

 private:
  const std::vector<CudaDevice*> devices_;
};

}  // namespace

KindUnderTest CudaKind() {
  KindUnderTest kind;
  kind.name = "cuda";
  kind.abilities = {Ability::kGraphs, Ability::kSums, Ability::kWithdraw};
  kind.clock_slack_ns = kClockSlack;
  kind.make = [](int num_devices, int) {
    MachineUnderTest machine = MakeDevices(num_devices);
    machine.transport = std::make_unique<CudaTransport>(DevicesOf(machine));
    return machine;
  };
  return kind;
}

KindUnderTest NcclKind() {
  KindUnderTest kind;
  kind.name = "nccl";
  kind.clock_slack_ns = kClockSlack;
  kind.make = [](int num_devices, int) {
    MachineUnderTest machine = MakeDevices(num_devices);
    machine.transport = std::make_unique<NcclPairs>(DevicesOf(machine));
    return machine;
  };
  kind.expected_failures = {
      {"nothing is posted before both sides are", "NCCL enqueues either side at once; its stream waits on the GPU"},
      {"posts beyond the capacity are an internal error", "NCCL queues as many transfers as streams take"},
      {"a reset clears unmatched transfers", "a reset aborts the communicator, since NCCL cannot take transfers back"},
  };
  return kind;
}

}  // namespace baton
