// Tests messages, graph nodes, and the caller's current GPU, which other transports do not have. The general contract is
// tested by tests/conformance/devices.
#include "runtime/transport/cuda/cuda_transport.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/cuda_stand_in/stand_in.h"

namespace baton {
namespace {

// Two devices with a stream and an arena each, and a transport.
struct Machine {
  explicit Machine(int num_gpus) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(num_gpus);
    for (int index = 0; index < 2; ++index) {
      devices.push_back(CudaDevice::Create(index).value());
      streams.push_back(devices.back()->CreateStream().value());
      arenas.push_back(devices.back()->CreateArena(1'024).value());
      pointers.push_back(devices.back().get());
    }
    transport = std::make_unique<CudaTransport>(pointers);
  }
  ~Machine() { stand_in::SetNumGpus(1); }

  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<CudaDevice*> pointers;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::unique_ptr<CudaTransport> transport;
};

int CurrentGpu() {
  int gpu = -1;
  CHECK(cudaGetDevice(&gpu) == cudaSuccess);
  return gpu;
}

TEST_CASE("CUDA channel: a transfer is one node of a graph") {
  Machine m(GENERATE(1, 2));
  auto channel = m.transport->CreateChannel(0, 1, 1).value();
  auto sent = m.devices[0]->CreateEvent(), received = m.devices[1]->CreateEvent();
  Device* const devices[] = {m.devices[0].get(), m.devices[1].get()};
  auto graph = m.devices[0]->CreateStepGraph(devices, /*timed=*/false).value();
  REQUIRE(graph->Begin().ok());
  REQUIRE(m.devices[0]->BindWorkerThread().ok());
  REQUIRE(channel->Send(*m.streams[0], m.arenas[0], 4, *sent, nullptr).ok());
  REQUIRE(m.devices[1]->BindWorkerThread().ok());
  REQUIRE(channel->Receive(*m.streams[1], m.arenas[1], 4, *received, nullptr).ok());
  REQUIRE(graph->End().ok());
  CHECK(stand_in::NumNodesOfLastGraph() == 1);
}

// Whichever side posts second records the other side's events too.
TEST_CASE("CUDA channel and collective: the caller's GPU is current afterwards") {
  Machine m(2);
  const int last = GENERATE(0, 1);
  auto channel = m.transport->CreateChannel(0, 1, 1).value();
  auto collective = m.transport->CreateCollective({0, 1}).value();
  std::vector<std::unique_ptr<Event>> done, started;
  for (int i = 0; i < 4; ++i) {
    done.push_back(m.devices[i % 2]->CreateEvent());
    started.push_back(m.devices[i % 2]->CreateEvent());
  }
  for (const int device : {1 - last, last}) {
    REQUIRE(m.devices[device]->BindWorkerThread().ok());
    const absl::Status posted = device == 0
                                    ? channel->Send(*m.streams[0], m.arenas[0], 4, *done[0], started[0].get())
                                    : channel->Receive(*m.streams[1], m.arenas[1], 4, *done[1], started[1].get());
    REQUIRE(posted.ok());
    CHECK(CurrentGpu() == device);
  }
  for (const int device : {1 - last, last}) {
    REQUIRE(m.devices[device]->BindWorkerThread().ok());
    const ReduceBuffer buffer = {m.arenas[device], 4, false};
    REQUIRE(collective->Arrive(*m.streams[device], device, {&buffer, 1}, *done[2 + device], started[2 + device].get())
                .ok());
    CHECK(CurrentGpu() == device);
  }
}

TEST_CASE("CUDA transport: wrong sizes, too many transfers and unknown devices are errors by name") {
  Machine m(1);
  auto channel = m.transport->CreateChannel(0, 1, 1).value();
  auto a = m.devices[0]->CreateEvent(), b = m.devices[1]->CreateEvent();
  REQUIRE(channel->Send(*m.streams[0], m.arenas[0], 4, *a, nullptr).ok());
  CHECK(channel->Send(*m.streams[0], m.arenas[0], 4, *a, nullptr).message() ==
        "a channel of capacity 1 got one more transfer");
  CHECK(channel->Receive(*m.streams[1], m.arenas[1], 8, *b, nullptr).message() ==
        "a send of 4 bytes matches a receive of 8 bytes");
  CHECK(m.transport->CreateChannel(0, 2, 1).status() ==
        absl::InvalidArgumentError("device 2; it must be from 0 to below 2"));
}

}  // namespace
}  // namespace baton
