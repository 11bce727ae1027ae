// NCCL channels on stand-ins for CUDA and NCCL: order, waiting for the peer, a peer that does not come, errors.
#include "runtime/transport/nccl/nccl_channel.h"

#include <catch2/catch.hpp>
#include <vector>

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
      channels.push_back(
          std::make_unique<NcclChannel>(NcclCommunicator::Create(devices.back().get(), options).value(), 1 - rank));
    }
  }
  ~Ends() { stand_in::SetNumGpus(1); }

  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::vector<std::unique_ptr<NcclChannel>> channels;
};

TEST_CASE("NCCL channel: the n-th send meets the n-th receive, whoever comes first") {
  const bool send_first = GENERATE(true, false);
  for (int seed = 0; seed < 20; ++seed) {
    Ends ends(seed);
    std::vector<std::unique_ptr<Event>> events;
    for (bool sends : {send_first, !send_first}) {
      const int end = sends ? 0 : 1;
      for (int i = 0; i < 3; ++i) {
        int* const place = reinterpret_cast<int*>(ends.arenas[end]) + i;
        REQUIRE(ends.devices[end]->BindWorkerThread().ok());
        const int value = sends ? 10 + i : -1;
        stand_in::Enqueue(static_cast<cudaStream_t>(ends.streams[end]->native_handle()), [=] { *place = value; });
        events.push_back(ends.devices[end]->CreateEvent());
        std::byte* const data = reinterpret_cast<std::byte*>(place);
        REQUIRE((sends ? ends.channels[0]->Send(*ends.streams[0], data, 4, *events.back(), nullptr)
                       : ends.channels[1]->Receive(*ends.streams[1], data, 4, *events.back(), nullptr))
                    .ok());
        CHECK(events.back()->Posted());
      }
    }
    for (const auto& stream : ends.streams) REQUIRE(stream->Synchronize().ok());
    int received[3] = {};
    REQUIRE(ends.devices[1]->CopyFromArena(reinterpret_cast<std::byte*>(received), ends.arenas[1], 12).ok());
    CHECK(std::vector<int>(received, received + 3) == std::vector<int>{10, 11, 12});
    for (const auto& event : events) CHECK(event->Done());
  }
}

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
