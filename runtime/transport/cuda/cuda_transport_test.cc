// Transfers and sums between CUDA devices, on the stand-in for the CUDA runtime: one GPU and two, whoever comes first,
// whatever order the GPUs work in, recorded as a graph or not.
#include "runtime/transport/cuda/cuda_transport.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "runtime/device/cuda/cuda_event.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton {
namespace {

constexpr int kTransfers = 3;

std::byte* AsBytes(void* data) { return static_cast<std::byte*>(data); }

// Devices with an arena of numbers each, a stream, and a transport.
struct Machine {
  Machine(int num_gpus, int num_devices, int seed) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(num_gpus);
    stand_in::SetWorkOrder(static_cast<uint64_t>(seed));
    for (int index = 0; index < num_devices; ++index) {
      devices.push_back(CudaDevice::Create(index).value());
      streams.push_back(devices.back()->CreateStream().value());
      arenas.push_back(devices.back()->CreateArena(1'024).value());
      pointers.push_back(devices.back().get());
    }
    transport = std::make_unique<CudaTransport>(pointers);
  }
  ~Machine() { stand_in::SetNumGpus(1); }

  std::unique_ptr<Event> Made(int device) { return devices[device]->CreateEvent(); }
  // Work of the device: its n-th number becomes `value`.
  void Set(int device, int n, int value) {
    int* const number = reinterpret_cast<int*>(arenas[device]) + n;
    REQUIRE(devices[device]->BindWorkerThread().ok());
    stand_in::Enqueue(static_cast<cudaStream_t>(streams[device]->native_handle()), [=] { *number = value; });
  }
  template <typename T>
  std::vector<T> Read(int device, int count) {
    std::vector<T> values(count);
    REQUIRE(devices[device]->CopyFromArena(AsBytes(values.data()), arenas[device], count * sizeof(T)).ok());
    return values;
  }

  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<CudaDevice*> pointers;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::unique_ptr<CudaTransport> transport;
};

TEST_CASE("CUDA channel: the n-th send meets the n-th receive and waits for both sides' work") {
  const int num_gpus = GENERATE(1, 2);
  const bool send_first = GENERATE(true, false);
  for (int seed = 0; seed < 20; ++seed) {
    Machine m(num_gpus, 2, seed);
    auto channel = m.transport->CreateChannel(0, 1, kTransfers).value();
    std::vector<std::unique_ptr<Event>> sent, received, send_started, receive_started;
    for (int i = 0; i < kTransfers; ++i) {
      sent.push_back(m.Made(0));
      send_started.push_back(m.Made(0));
      received.push_back(m.Made(1));
      receive_started.push_back(m.Made(1));
    }
    for (bool sends : {send_first, !send_first}) {
      for (int i = 0; i < kTransfers; ++i) {
        std::byte* const place = m.arenas[sends ? 0 : 1] + i * sizeof(int);
        if (sends) {
          m.Set(0, i, 11 * i);
          REQUIRE(channel->Send(*m.streams[0], place, sizeof(int), *sent[i], send_started[i].get()).ok());
        } else {
          m.Set(1, i, -1);  // must be over before the copy
          REQUIRE(channel->Receive(*m.streams[1], place, sizeof(int), *received[i], receive_started[i].get()).ok());
          CHECK(received[i]->Posted() == send_first);
        }
      }
    }
    for (int i = 0; i < kTransfers; ++i) {
      REQUIRE(m.streams[0]->Wait(*sent[i]).ok());
      REQUIRE(m.streams[1]->Wait(*received[i]).ok());
    }
    m.Set(0, 0, 99);  // only after the copy
    for (const auto& stream : m.streams) REQUIRE(stream->Synchronize().ok());
    CHECK(m.Read<int>(1, kTransfers) == std::vector<int>{0, 11, 22});
    CHECK(m.Read<int>(0, 1)[0] == 99);
    for (int i = 0; i < kTransfers; ++i) {
      CHECK(receive_started[i]->Done());
      CHECK(received[i]->DoneAt() >= receive_started[i]->DoneAt());
      CHECK(sent[i]->DoneAt() >= send_started[i]->DoneAt());
    }
  }
}

TEST_CASE("CUDA channel: recorded once, a transfer is in every launch of the graph") {
  const int num_gpus = GENERATE(1, 2);
  for (int seed = 0; seed < 10; ++seed) {
    Machine m(num_gpus, 2, seed);
    auto channel = m.transport->CreateChannel(0, 1, 1).value();
    auto sent = m.Made(0), received = m.Made(1);
    Device* const devices[] = {m.devices[0].get(), m.devices[1].get()};
    auto graph = m.devices[0]->CreateStepGraph(devices, /*timed=*/false).value();
    int value = 0;
    REQUIRE(graph->Begin().ok());
    int* const source = reinterpret_cast<int*>(m.arenas[0]);
    REQUIRE(m.devices[0]->BindWorkerThread().ok());
    stand_in::Enqueue(static_cast<cudaStream_t>(m.streams[0]->native_handle()), [&value, source] { *source = value; });
    REQUIRE(channel->Send(*m.streams[0], m.arenas[0], sizeof(int), *sent, nullptr).ok());
    REQUIRE(channel->Receive(*m.streams[1], m.arenas[1], sizeof(int), *received, nullptr).ok());
    REQUIRE(m.streams[1]->Wait(*received).ok());
    REQUIRE(graph->End().ok());
    CHECK(stand_in::NumNodesOfLastGraph() == 2);
    for (value = 5; value < 8; ++value) {
      REQUIRE(graph->Launch().ok());
      while (!graph->Done().value()) {
      }
      CHECK(m.Read<int>(1, 1)[0] == value);
    }
  }
}

TEST_CASE("CUDA channel: wrong sizes, too many and no such device are errors by name") {
  Machine m(1, 2, 0);
  auto channel = m.transport->CreateChannel(0, 1, 1).value();
  auto a = m.Made(0), b = m.Made(1);
  REQUIRE(channel->Send(*m.streams[0], m.arenas[0], 4, *a, nullptr).ok());
  CHECK(channel->Send(*m.streams[0], m.arenas[0], 4, *a, nullptr).message() ==
        "a channel for 1 transfers got one more");
  CHECK(channel->Receive(*m.streams[1], m.arenas[1], 8, *b, nullptr).message() ==
        "a send of 4 bytes met a receive of 8 bytes");
  channel->Reset();
  REQUIRE(channel->Receive(*m.streams[1], m.arenas[1], 0, *b, nullptr).ok());
  CHECK(channel->Send(*m.streams[0], nullptr, 0, *a, nullptr).ok());
  CHECK(m.transport->CreateChannel(0, 0, 1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(m.transport->CreateChannel(0, 2, 1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(m.transport->CreateCollective({}).status().code() == absl::StatusCode::kInvalidArgument);
}

// 1e8 + 1 − 1e8 in f32: only one order of summation gives 0.
TEMPLATE_TEST_CASE("CUDA collective: sums in the order of the members, whoever arrives last", "", float, double) {
  const int num_gpus = GENERATE(1, 2);
  const bool last_first = GENERATE(true, false);
  // Members 0 and 2 live on device 0, member 1 on device 1; two elements each.
  const std::vector<TestType> first = {TestType(1e8), 1, TestType(-1e8), 3}, second = {1, 2};
  const TestType expected = (first[0] + second[0]) + first[2];
  for (int seed = 0; seed < 10; ++seed) {
    Machine m(num_gpus, 2, seed);
    auto collective = m.transport->CreateCollective({0, 1, 0}).value();
    const Bytes bytes = 2 * sizeof(TestType);
    REQUIRE(m.devices[0]->CopyToArena(m.arenas[0], AsBytes(const_cast<TestType*>(first.data())), 2 * bytes).ok());
    REQUIRE(m.devices[1]->CopyToArena(m.arenas[1], AsBytes(const_cast<TestType*>(second.data())), bytes).ok());
    const bool is_double = sizeof(TestType) == sizeof(double);
    const ReduceBuffer of_device0[] = {{m.arenas[0], bytes, is_double}, {m.arenas[0] + bytes, bytes, is_double}};
    const ReduceBuffer of_device1[] = {{m.arenas[1], bytes, is_double}};
    std::unique_ptr<Event> done[] = {m.Made(0), m.Made(1)}, started[] = {m.Made(0), m.Made(1)};
    for (int device : {last_first ? 1 : 0, last_first ? 0 : 1}) {
      absl::Span<const ReduceBuffer> buffers = of_device0;
      if (device == 1) buffers = of_device1;
      REQUIRE(m.devices[device]->BindWorkerThread().ok());
      REQUIRE(collective->Arrive(*m.streams[device], device, buffers, *done[device], started[device].get()).ok());
      CHECK(done[0]->Posted() == (device == (last_first ? 0 : 1)));
    }
    for (int device : {0, 1}) {
      REQUIRE(m.streams[device]->Wait(*done[device]).ok());
      REQUIRE(m.streams[device]->Synchronize().ok());
      CHECK(done[device]->DoneAt() >= started[device]->DoneAt());
    }
    CHECK(m.Read<TestType>(0, 4) == std::vector<TestType>{expected, 6, expected, 6});
    CHECK(m.Read<TestType>(1, 2) == std::vector<TestType>{expected, 6});
  }
}

TEST_CASE("CUDA collective: more members than one launch takes") {
  Machine m(1, 1, 3);
  constexpr int kMembers = 150;
  auto collective = m.transport->CreateCollective(std::vector<int32_t>(kMembers, 0)).value();
  std::vector<float> values(kMembers);
  for (int i = 0; i < kMembers; ++i) values[i] = 0.1f * static_cast<float>(i * i % 17);
  float expected = values[0];
  for (int i = 1; i < kMembers; ++i) expected += values[i];
  REQUIRE(m.devices[0]->CopyToArena(m.arenas[0], AsBytes(values.data()), kMembers * 4).ok());
  std::vector<ReduceBuffer> buffers;
  for (int i = 0; i < kMembers; ++i) buffers.push_back({m.arenas[0] + 4 * i, 4, false});
  auto done = m.Made(0);
  REQUIRE(collective->Arrive(*m.streams[0], 0, buffers, *done, nullptr).ok());
  REQUIRE(m.streams[0]->Wait(*done).ok());
  REQUIRE(m.streams[0]->Synchronize().ok());
  CHECK(m.Read<float>(0, kMembers) == std::vector<float>(kMembers, expected));
}

TEST_CASE("CUDA collective: wrong participants and buffers are internal errors") {
  Machine m(1, 2, 0);
  auto collective = m.transport->CreateCollective({0, 1}).value();
  const ReduceBuffer eight = {m.arenas[0], 8, false}, four = {m.arenas[1], 4, false}, wide = {m.arenas[1], 8, true},
                     odd = {m.arenas[1], 6, false};
  auto a = m.Made(0), b = m.Made(1);
  auto arrive = [&](int device, absl::Span<const ReduceBuffer> buffers) {
    return collective->Arrive(*m.streams[device % 2], device, buffers, device == 0 ? *a : *b, nullptr).code();
  };
  CHECK(arrive(2, {&eight, 1}) == absl::StatusCode::kInternal);
  CHECK(arrive(0, {}) == absl::StatusCode::kInternal);
  for (const ReduceBuffer* other : {&four, &wide}) {
    CHECK(arrive(0, {&eight, 1}) == absl::StatusCode::kOk);
    CHECK(arrive(0, {&eight, 1}) == absl::StatusCode::kInternal);
    CHECK(arrive(1, {other, 1}) == absl::StatusCode::kInternal);
    collective->Reset();
  }
  CHECK(arrive(0, {&odd, 1}) == absl::StatusCode::kOk);
  CHECK(arrive(1, {&odd, 1}) == absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace baton
