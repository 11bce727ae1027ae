// Making CUDA devices, and processes that NCCL joins.
#include "tests/conformance/devices/cuda_kinds.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/transport/cuda/cuda_transport.h"
#include "runtime/transport/nccl/nccl_transport.h"
#include "runtime/transport/testing/stores.h"

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

// Both ends of a channel.
class NcclEnds final : public Channel {
 public:
  NcclEnds(std::unique_ptr<Channel> sender, std::unique_ptr<Channel> receiver)
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
class NcclParts final : public Collective {
 public:
  explicit NcclParts(std::vector<std::unique_ptr<Collective>> parts) : parts_(std::move(parts)) {}

  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override {
    const size_t process = device < static_cast<int>(parts_.size()) ? device : 0;
    return parts_[process]->Arrive(stream, device, buffers, done, started);
  }
  void Reset() override {
    for (const auto& part : parts_) {
      if (part != nullptr) part->Reset();
    }
  }

 private:
  const std::vector<std::unique_ptr<Collective>> parts_;  // [device]; null: no member
};

// A process for each device, each with a transport of its own.
class NcclProcesses final : public Transport {
 public:
  explicit NcclProcesses(const std::vector<CudaDevice*>& devices) : local_(devices) {
    NcclTransportOptions options;
    options.store = &store_;
    for (size_t rank = 0; rank < devices.size(); ++rank) options.rank_of_device.push_back(static_cast<int>(rank));
    for (size_t rank = 0; rank < devices.size(); ++rank) {
      options.rank = static_cast<int>(rank);
      options.devices.assign(devices.size(), nullptr);
      options.devices[rank] = devices[rank];
      processes_.push_back(NcclTransport::Create(options).value());
    }
  }

  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override {
    BATON_ASSIGN_OR_RETURN(auto sender, processes_[from]->CreateChannel(from, to, capacity));
    BATON_ASSIGN_OR_RETURN(auto receiver, processes_[to]->CreateChannel(from, to, capacity));
    BATON_RETURN_IF_ERROR(Connect());
    return std::make_unique<NcclEnds>(std::move(sender), std::move(receiver));
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override {
    const bool is_local = std::all_of(device_of_member.begin(), device_of_member.end(),
                                      [&](int32_t device) { return device == device_of_member[0]; });
    if (is_local) return local_.CreateCollective(device_of_member);
    std::vector<std::unique_ptr<Collective>> parts;
    for (const auto& process : processes_) {
      BATON_ASSIGN_OR_RETURN(auto part, process->CreateCollective(device_of_member));
      parts.push_back(std::move(part));
    }
    BATON_RETURN_IF_ERROR(Connect());
    return std::make_unique<NcclParts>(std::move(parts));
  }

 private:
  // Each process waits for the others.
  absl::Status Connect() {
    std::vector<absl::Status> statuses(processes_.size());
    std::vector<std::thread> threads;
    for (size_t rank = 0; rank < processes_.size(); ++rank) {
      threads.emplace_back([&, rank] { statuses[rank] = processes_[rank]->AwaitConnected(); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& status : statuses) BATON_RETURN_IF_ERROR(status);
    return absl::OkStatus();
  }

  MemoryStore store_;
  CudaTransport local_;
  std::vector<std::unique_ptr<NcclTransport>> processes_;  // [device]
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
  kind.abilities = {Ability::kSums};
  kind.clock_slack_ns = kClockSlack;
  kind.make = [](int num_devices, int) {
    MachineUnderTest machine = MakeDevices(num_devices);
    machine.transport = std::make_unique<NcclProcesses>(DevicesOf(machine));
    return machine;
  };
  const std::string at_once = "NCCL enqueues either side at once; its stream waits on the GPU";
  kind.expected_failures = {
      {"nothing is posted before both sides are", at_once},
      {"f32 is summed in the order of members: device 0 last", at_once},
      {"f32 is summed in the order of members: device 1 last", at_once},
      {"f64 is summed in the order of members: device 0 last", at_once},
      {"f64 is summed in the order of members: device 1 last", at_once},
      {"a sum can be used again", at_once},
      {"wrong devices and numbers of buffers are internal errors", at_once},
      {"members of different sizes are an internal error", at_once},
      {"members of different types are an internal error", "NCCL compares no types of members of other processes"},
      {"posts beyond the capacity are an internal error", "NCCL queues as many transfers as streams take"},
      {"a reset clears unmatched transfers", "a reset aborts the communicator, since NCCL cannot take transfers back"},
  };
  return kind;
}

}  // namespace baton
