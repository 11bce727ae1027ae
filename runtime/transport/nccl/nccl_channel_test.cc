// NCCL channels on stand-ins for CUDA and NCCL: a peer that does not come, and errors. The general contract is tested
// by tests/conformance/devices.
#include "runtime/transport/nccl/nccl_channel.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/kernel_observer.h"
#include "runtime/device/cuda/cuda_event.h"
#include "tests/cuda_stand_in/nccl.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton {
namespace {

// A sender on GPU 0 and a receiver on GPU 1, as in two processes.
struct Ends {
  explicit Ends(int seed) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(2);
    stand_in::SetWorkOrder(static_cast<uint64_t>(seed));
    NcclCommunicatorOptions options;
    REQUIRE(ncclGetUniqueId(&options.id) == ncclSuccess);
    options.num_ranks = 2;
    for (int rank = 0; rank < 2; ++rank) {
      devices.push_back(CudaDevice::Create(rank).value());
      streams.push_back(devices.back()->CreateStream().value());
      arenas.push_back(devices.back()->CreateArena(64).value());
      options.rank = rank;
      auto connection =
          std::make_shared<NcclConnection>(NcclCommunicator::Create(devices.back().get(), options).value());
      channels.push_back(std::make_unique<NcclChannel>(std::move(connection), 1 - rank));
    }
  }
  ~Ends() { stand_in::SetNumGpus(1); }

  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::vector<std::unique_ptr<NcclChannel>> channels;
};

TEST_CASE("NCCL channel: without the peer's call nothing is done; cancelling and a reset end it") {
  Ends ends(1);
  auto done = ends.devices[0]->CreateEvent();
  REQUIRE(ends.channels[0]->Send(*ends.streams[0], ends.arenas[0], 4, *done, nullptr).ok());
  CHECK_FALSE(done->Done());
  ends.devices[0]->Cancel();
  CHECK(ends.streams[0]->Synchronize().code() == absl::StatusCode::kCancelled);
  ends.channels[0]->Reset();
  ends.devices[0]->Resume();
  CHECK(ends.channels[0]->Send(*ends.streams[0], ends.arenas[0], 4, *done, nullptr).code() ==
        absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("NCCL channel: what NCCL says later is an error of the next call") {
  Ends ends(2);
  auto done = ends.devices[0]->CreateEvent();
  stand_in::FailNccl(ncclRemoteError);
  const absl::Status status = ends.channels[0]->Send(*ends.streams[0], ends.arenas[0], 4, *done, nullptr);
  stand_in::FailNccl(ncclSuccess);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(std::string(status.message()).find("NCCL says ") == 0);
}

// Records what `enqueue` does on the device.
std::unique_ptr<StepGraph> Record(CudaDevice& device, const std::function<void()>& enqueue) {
  std::unique_ptr<StepGraph> graph = device.CreateStepGraph({&device}, /*timed=*/false).value();
  REQUIRE(device.BindWorkerThread().ok());
  REQUIRE(graph->Begin().ok());
  enqueue();
  REQUIRE(graph->End().ok());
  return graph;
}

TEST_CASE("NCCL channel: recorded transfers happen in each launch, whether the peer records its side or not") {
  for (int seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    Ends ends(seed);
    const std::unique_ptr<Event> done[] = {ends.devices[0]->CreateEvent(), ends.devices[1]->CreateEvent()};
    // The numbers change places on their way.
    const auto send = [&] {
      for (const int at : {0, 4}) {
        REQUIRE(ends.channels[0]->Send(*ends.streams[0], ends.arenas[0] + at, 4, *done[0], nullptr).ok());
      }
    };
    const auto receive = [&] {
      for (const int at : {4, 0}) {
        REQUIRE(ends.channels[1]->Receive(*ends.streams[1], ends.arenas[1] + at, 4, *done[1], nullptr).ok());
      }
    };
    std::unique_ptr<StepGraph> sends = Record(*ends.devices[0], send);
    std::unique_ptr<StepGraph> receives = Record(*ends.devices[1], receive);
    for (int32_t launch = 0; launch < 4; ++launch) {
      const int32_t sent[] = {10 + launch, 20 + launch};
      REQUIRE(ends.devices[0]->CopyToArena(ends.arenas[0], reinterpret_cast<const std::byte*>(sent), 8).ok());
      REQUIRE(sends->Launch().ok());
      CHECK_FALSE(sends->Done().value());
      if (launch == 2) {
        done[1]->Reset();
        receive();
        REQUIRE(ends.streams[1]->Synchronize().ok());
      } else {
        REQUIRE(receives->Launch().ok());
        while (!receives->Done().value()) continue;
      }
      while (!sends->Done().value()) continue;
      int32_t received[2] = {};
      REQUIRE(ends.devices[1]->CopyFromArena(reinterpret_cast<std::byte*>(received), ends.arenas[1], 8).ok());
      CHECK(received[0] == sent[1]);
      CHECK(received[1] == sent[0]);
    }
    sends.reset();  // before the communicators
    receives.reset();
    ends.channels.clear();
    CHECK(stand_in::LastFault().empty());
  }
}

// Keeps what it is told of kernels.
class Recorder final : public KernelObserver {
 public:
  Recorder() { kernel_observer = this; }
  ~Recorder() override { kernel_observer = nullptr; }
  void* Begin(void* stream) override { return stream; }
  void End(void* stream, void* begun, KernelWork work) override {
    CHECK(begun == stream);
    lines.push_back(absl::StrCat(work.kernel, " ", work.shape, " of ", work.bytes));
  }

  std::vector<std::string> lines;
};

TEST_CASE("NCCL channel: an observer of kernels sees each transfer once, and a group as one") {
  Ends ends(1);
  Recorder recorder;
  const std::unique_ptr<Event> done[] = {ends.devices[0]->CreateEvent(), ends.devices[1]->CreateEvent()};
  REQUIRE(ends.channels[0]->Send(*ends.streams[0], ends.arenas[0], 48, *done[0], nullptr).ok());
  REQUIRE(ends.channels[1]->Receive(*ends.streams[1], ends.arenas[1], 48, *done[1], nullptr).ok());
  REQUIRE(ends.streams[1]->Synchronize().ok());
  CHECK(recorder.lines ==
        std::vector<std::string>{"nccl pass=send bytes=48 of 48", "nccl pass=receive bytes=48 of 48"});
  recorder.lines.clear();
  NcclCommunicatorOptions options;
  REQUIRE(ncclGetUniqueId(&options.id) == ncclSuccess);
  options.num_ranks = 1;
  const auto communicator = NcclCommunicator::Create(ends.devices[0].get(), options).value();
  const auto stream = static_cast<cudaStream_t>(ends.streams[0]->native_handle());
  std::byte* const arena = ends.arenas[0];
  const auto both = [&] {
    absl::Status status = communicator->Send(stream, arena, 16, 0);
    status.Update(communicator->Receive(stream, arena + 16, 16, 0));
    return status;
  };
  REQUIRE(communicator
              ->Group(
                  stream, [] { return Bytes{32}; }, both)
              .ok());
  REQUIRE(ends.streams[0]->Synchronize().ok());
  CHECK(recorder.lines == std::vector<std::string>{"nccl pass=exchange bytes=32 of 32"});
}

TEST_CASE("the stand-in for NCCL: a communicator that a graph still uses must not be destroyed") {
  Ends ends(1);
  const std::unique_ptr<Event> done = ends.devices[0]->CreateEvent();
  const std::unique_ptr<StepGraph> graph = Record(*ends.devices[0], [&] {
    REQUIRE(ends.channels[0]->Send(*ends.streams[0], ends.arenas[0], 4, *done, nullptr).ok());
  });
  ends.channels[0]->Reset();
  CHECK(stand_in::LastFault() == "a communicator was destroyed before a graph that uses it");
  stand_in::ResetMachine();
}

TEST_CASE("NCCL communicator: a call that stays in progress ends by the timeout; a rank out of range is refused") {
  stand_in::ResetMachine();
  auto device = CudaDevice::Create(0).value();
  NcclCommunicatorOptions options;
  options.num_ranks = 2;
  options.timeout_ns = 1'000'000;
  stand_in::FailNccl(ncclInProgress);
  CHECK(NcclCommunicator::Create(device.get(), options).status().code() == absl::StatusCode::kDeadlineExceeded);
  stand_in::FailNccl(ncclSuccess);
  options.rank = 2;
  CHECK(NcclCommunicator::Create(device.get(), options).status().message() ==
        "rank: 2 must be from 0 to below num_ranks: 2");
}

}  // namespace
}  // namespace baton
