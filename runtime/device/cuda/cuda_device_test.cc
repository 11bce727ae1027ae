// Tests of CUDA devices alone: GPUs, their faults, and graphs over several of them. The general contract is tested by
// tests/conformance/devices.
#include "runtime/device/cuda/cuda_device.h"

#include <catch2/catch.hpp>
#include <vector>

#include "runtime/device/cuda/cuda_event.h"
#include "runtime/device/cuda/cuda_stream.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton {
namespace {

cudaStream_t Native(Stream& stream) { return static_cast<cudaStream_t>(stream.native_handle()); }

struct OneDevice {
  OneDevice() { stand_in::ResetMachine(); }
  std::unique_ptr<CudaDevice> device = CudaDevice::Create(0).value();
  std::unique_ptr<Stream> first = device->CreateStream().value();
  std::unique_ptr<Stream> second = device->CreateStream().value();
};

TEST_CASE("CUDA device: none without a GPU, with the driver's words") {
  stand_in::SetNumGpus(0);
  const absl::Status status = CudaDevice::Create(0).status();
  stand_in::SetNumGpus(1);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(status.message() == "no CUDA device: no CUDA-capable device is detected");
  CHECK(CudaDevice::Create(-1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(DescribeGpu(0).value() == "stand-in, 80.0 GiB");
}

TEST_CASE("CUDA device: more devices than GPUs share them") {
  stand_in::SetNumGpus(2);
  CHECK(CudaDevice::Create(0).value()->gpu() == 0);
  CHECK(CudaDevice::Create(3).value()->gpu() == 1);
  stand_in::SetNumGpus(1);
}

TEST_CASE("CUDA device: the arena is zeroed, one of several, and out of the host's reach; nothing is left behind") {
  stand_in::CloseDeviceMemory(true);
  {
    OneDevice one;
    std::byte* const arena = one.device->CreateArena(1'000).value();
    std::vector<std::byte> host(1'000, std::byte{7});
    REQUIRE(one.device->CopyFromArena(host.data(), arena, 1'000).ok());
    CHECK(host == std::vector<std::byte>(1'000, std::byte{0}));
    host[999] = std::byte{9};
    REQUIRE(one.device->CopyToArena(arena, host.data(), 1'000).ok());
    std::byte last{0};
    REQUIRE(one.device->CopyFromArena(&last, arena + 999, 1).ok());
    CHECK(last == std::byte{9});
    CHECK(one.device->CreateArena(1).value() != arena);  // a second program has one of its own
    CHECK_FALSE(one.device->arena_is_shared());
  }
  stand_in::CloseDeviceMemory(false);
  CHECK(stand_in::NumAllocations() == 0);
  CHECK(stand_in::NumStreams() == 0);
  CHECK(stand_in::NumEvents() == 0);
}

TEST_CASE("CUDA device: an arena that is too large says what is free") {
  OneDevice one;
  const absl::Status status = one.device->CreateArena(Bytes{1} << 40).status();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(status.message() == "an arena of 1024.00 GiB; GPU 0 has 80.00 of 80.00 GiB free");
}

TEST_CASE("CUDA stream: a fault on the GPU is an error of the next call, with place and words") {
  OneDevice one;
  stand_in::Enqueue(Native(*one.first), [] { stand_in::ReportFault("for this test"); });
  const absl::Status status = one.first->Synchronize();
  stand_in::ResetMachine();
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(std::string(status.message()).find("CUDA says cudaErrorIllegalAddress") != std::string::npos);
  CHECK(std::string(status.message()).find("cuda_stream.cc") != std::string::npos);
}

TEST_CASE("CUDA graph: records what streams of all devices are given, and runs it as often as asked") {
  stand_in::SetNumGpus(2);
  for (int seed = 0; seed < 20; ++seed) {
    stand_in::ResetMachine();
    stand_in::SetWorkOrder(seed);
    auto a = CudaDevice::Create(0).value(), b = CudaDevice::Create(1).value();
    auto of_a = a->CreateStream().value(), of_b = b->CreateStream().value(), unused = b->CreateStream().value();
    auto event = a->CreateEvent();
    std::string order;
    Device* const devices[] = {a.get(), b.get()};
    const bool timed = seed % 2 == 0;
    auto graph = a->CreateStepGraph(devices, timed).value();
    REQUIRE(graph->Begin().ok());
    REQUIRE(a->BindWorkerThread().ok());
    stand_in::Enqueue(Native(*of_a), [&] { order += 'a'; });
    REQUIRE(of_a->Record(*event).ok());
    REQUIRE(static_cast<CudaEvent&>(*event).MakeWait(Native(*of_b)).ok());
    REQUIRE(b->BindWorkerThread().ok());
    stand_in::Enqueue(Native(*of_b), [&] { order += 'b'; });
    REQUIRE(graph->End().ok());
    CHECK(order.empty());
    CHECK(stand_in::NumNodesOfLastGraph() == (timed ? 3 : 2));
    for (int launch = 0; launch < 3; ++launch) {
      REQUIRE(graph->Launch().ok());
      while (!graph->Done().value()) {
      }
    }
    CHECK(order == "ababab");
    if (timed) CHECK(event->DoneAt() != 0);
    // The streams work as before.
    REQUIRE(of_a->Record(*event).ok());
    REQUIRE(of_a->Synchronize().ok());
    CHECK(event->Done());
  }
  stand_in::SetNumGpus(1);
}

TEST_CASE("CUDA graph: what may not be recorded is an error, and the streams go on") {
  OneDevice one;
  auto before = one.device->CreateEvent();
  REQUIRE(one.first->Record(*before).ok());
  Device* const devices[] = {one.device.get()};
  auto graph = one.device->CreateStepGraph(devices, /*timed=*/false).value();
  REQUIRE(graph->Begin().ok());
  SECTION("memory") {
    CHECK_FALSE(one.device->CreateShared(1).ok());
    CHECK_FALSE(graph->End().ok());
  }
  SECTION("waiting for the GPU") {
    CHECK_FALSE(one.first->Synchronize().ok());
    CHECK_FALSE(graph->End().ok());
  }
  REQUIRE(one.first->Record(*before).ok());
  CHECK(one.first->Synchronize().ok());
}

}  // namespace
}  // namespace baton
