// NCCL channels on stand-ins for CUDA and NCCL: a peer that does not come, and errors. The general contract is tested
// by tests/conformance/devices.
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
