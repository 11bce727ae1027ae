// Sums between threads: order, sizes, rounds and cancelling.
#include "runtime/transport/local/local_collective.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

template <typename Element>
ReduceBuffer BufferOf(std::vector<Element>& values) {
  return {reinterpret_cast<std::byte*>(values.data()), static_cast<Bytes>(values.size() * sizeof(Element)),
          std::is_same<Element, double>::value};
}

struct Devices {
  explicit Devices(int count) {
    for (int index = 0; index < count; ++index) {
      devices.push_back(HostDevice::Create(index, {}).value());
      streams.push_back(devices.back()->CreateStream().value());
      done.push_back(devices.back()->CreateEvent());
    }
  }
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Event>> done;
};

// 1e8 + 1 − 1e8 in f32: only one order of summation gives 0, another one gives 1.
TEMPLATE_TEST_CASE("local collective: sums in the order of the members, whoever arrives last", "", float, double) {
  const bool last_first = GENERATE(true, false);
  // Members 0 and 2 live on device 0, member 1 on device 1.
  std::vector<TestType> member0 = {TestType(1e8), 1}, member1 = {1, 2}, member2 = {TestType(-1e8), 3};
  const TestType expected0 = (member0[0] + member1[0]) + member2[0];
  LocalTransport transport;
  const std::vector<int32_t> device_of_member = {0, 1, 0};
  auto collective = transport.CreateCollective(device_of_member).value();
  Devices two(2);
  const ReduceBuffer of_device0[] = {BufferOf(member0), BufferOf(member2)};
  const ReduceBuffer of_device1[] = {BufferOf(member1)};
  const std::unique_ptr<Event> started[2] = {two.devices[0]->CreateEvent(), two.devices[1]->CreateEvent()};
  Nanos between = 0;
  auto arrive = [&](int device) {
    absl::Span<const ReduceBuffer> buffers = of_device0;
    if (device == 1) buffers = of_device1;
    return collective->Arrive(*two.streams[device], device, buffers, *two.done[device], started[device].get());
  };
  REQUIRE(arrive(last_first ? 1 : 0).ok());
  CHECK_FALSE(two.done[0]->Done());
  CHECK_FALSE(two.done[1]->Done());
  between = SteadyNow();
  REQUIRE(arrive(last_first ? 0 : 1).ok());
  for (const auto* member : {&member0, &member1, &member2}) {
    CHECK((*member)[0] == expected0);
    CHECK((*member)[1] == 6);
  }
  CHECK(two.done[0]->DoneAt() == two.done[1]->DoneAt());
  CHECK(started[0]->DoneAt() == started[1]->DoneAt());
  CHECK(started[0]->DoneAt() >= between);
  CHECK(two.done[0]->DoneAt() >= started[0]->DoneAt());
}

TEST_CASE("local collective: can be used again, also after a reset with one side missing") {
  LocalTransport transport;
  auto collective = transport.CreateCollective({0, 1}).value();
  Devices two(2);
  std::vector<float> a = {1}, b = {2};
  const ReduceBuffer of_a = BufferOf(a), of_b = BufferOf(b);
  for (int round = 0; round < 3; ++round) {
    a = {1};
    b = {2};
    for (auto& event : two.done) event->Reset();
    if (round == 1) {
      REQUIRE(collective->Arrive(*two.streams[0], 0, {&of_a, 1}, *two.done[0], nullptr).ok());
      collective->Reset();
    }
    REQUIRE(collective->Arrive(*two.streams[1], 1, {&of_b, 1}, *two.done[1], nullptr).ok());
    CHECK_FALSE(two.done[1]->Done());
    REQUIRE(collective->Arrive(*two.streams[0], 0, {&of_a, 1}, *two.done[0], nullptr).ok());
    CHECK(a[0] == 3);
    CHECK(b[0] == 3);
  }
}

TEST_CASE("local collective: many rounds between threads") {
  constexpr int kRounds = 500;
  LocalTransport transport;
  auto collective = transport.CreateCollective({0, 1, 2}).value();
  int errors[3] = {};
  // Devices and events outlive the threads: who completes an event may still ring after its waiter went on.
  Devices three(3);
  std::vector<std::vector<std::unique_ptr<Event>>> events(3);
  for (int device = 0; device < 3; ++device) {
    for (int round = 0; round < kRounds; ++round) events[device].push_back(three.devices[device]->CreateEvent());
  }
  std::vector<std::thread> threads;
  for (int device = 0; device < 3; ++device) {
    threads.emplace_back([&, device] {
      Stream* stream = three.streams[device].get();
      const std::vector<std::unique_ptr<Event>>& done = events[device];
      std::vector<double> value(1);
      const ReduceBuffer buffer = BufferOf(value);
      for (int round = 0; round < kRounds; ++round) {
        value[0] = round + device;
        errors[device] += !collective->Arrive(*stream, device, {&buffer, 1}, *done[round], nullptr).ok();
        errors[device] += !stream->Wait(*done[round]).ok();
        errors[device] += value[0] != 3.0 * round + 3.0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int device_errors : errors) CHECK(device_errors == 0);
}

TEST_CASE("local collective: wrong participants and buffers are internal errors") {
  LocalTransport transport;
  auto collective = transport.CreateCollective({0, 1}).value();
  Devices two(2);
  std::vector<float> four = {1, 2}, other = {1};
  std::vector<double> doubles = {1};
  const ReduceBuffer a = BufferOf(four), shorter = BufferOf(other), wider = BufferOf(doubles);
  auto arrive = [&](int device, absl::Span<const ReduceBuffer> buffers) {
    return collective->Arrive(*two.streams[0], device, buffers, *two.done[0], nullptr).code();
  };
  CHECK(arrive(2, {&a, 1}) == absl::StatusCode::kInternal);
  CHECK(arrive(0, {}) == absl::StatusCode::kInternal);
  CHECK(arrive(0, {&a, 1}) == absl::StatusCode::kOk);
  CHECK(arrive(0, {&a, 1}) == absl::StatusCode::kInternal);
  CHECK(arrive(1, {&shorter, 1}) == absl::StatusCode::kInternal);
  collective->Reset();
  CHECK(arrive(0, {&a, 1}) == absl::StatusCode::kOk);
  CHECK(arrive(1, {&wider, 1}) == absl::StatusCode::kInternal);
  CHECK(transport.CreateCollective({}).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("local collective: a rehearsal's latency counts from the last arrival and adds nothing") {
  LocalTransportOptions options;
  constexpr Nanos kLatency = 10'000'000;
  options.reduce_ns = [](int) { return kLatency; };
  options.moves_data = false;
  LocalTransport transport(options);
  auto collective = transport.CreateCollective({0}).value();
  Devices one(1);
  const ReduceBuffer nothing;
  const std::unique_ptr<Event> started = one.devices[0]->CreateEvent();
  REQUIRE(collective->Arrive(*one.streams[0], 0, {&nothing, 1}, *one.done[0], started.get()).ok());
  REQUIRE(one.streams[0]->Wait(*one.done[0]).ok());
  CHECK(SteadyNow() >= started->DoneAt() + kLatency);
}

}  // namespace
}  // namespace baton
