// NCCL itself on a GPU: one rank that sends to itself, since NCCL refuses two ranks on one GPU. Skipped without a GPU.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/device/cuda/cuda_stream.h"
#include "runtime/transport/nccl/nccl_channel.h"

namespace baton {
namespace {

TEST_CASE("NCCL: a rank sends to itself, more than NCCL's buffers hold") {
  const absl::Status gpu = CountGpus().status();
  if (!gpu.ok()) {
    std::printf("SKIPPED: %s\n", std::string(gpu.message()).c_str());
    return;
  }
  // NCCL's buffers are 4 MiB: smaller messages would pass in a wrong order too.
  constexpr Bytes kBytes = 16 << 20;
  auto device = CudaDevice::Create(0).value();
  NcclCommunicatorOptions options;
  REQUIRE(ncclGetUniqueId(&options.id) == ncclSuccess);
  options.num_ranks = 1;
  auto communicator = NcclCommunicator::Create(device.get(), options).value();
  std::byte* const arena = device->CreateArena(2 * kBytes).value();
  auto sending = device->CreateStream().value(), receiving = device->CreateStream().value();
  std::vector<std::byte> sent(kBytes), received(kBytes);
  for (int round = 0; round < 3; ++round) {
    for (Bytes i = 0; i < kBytes; ++i) sent[i] = static_cast<std::byte>(i * 31 + round);
    REQUIRE(device->CopyToArena(arena, sent.data(), kBytes).ok());
    const auto native = static_cast<cudaStream_t>(sending->native_handle());
    const auto status = communicator->Group(
        native, [&] { return 2 * kBytes; },
        [&] {
          absl::Status first = communicator->Send(native, arena, kBytes, 0);
          first.Update(
              communicator->Receive(static_cast<cudaStream_t>(receiving->native_handle()), arena + kBytes, kBytes, 0));
          return first;
        });
    INFO(status);
    REQUIRE(status.ok());
    REQUIRE(sending->Synchronize().ok());
    REQUIRE(receiving->Synchronize().ok());
    REQUIRE(device->CopyFromArena(received.data(), arena + kBytes, kBytes).ok());
    CHECK(received == sent);
    CHECK(communicator->Check().ok());
  }
}

}  // namespace
}  // namespace baton
