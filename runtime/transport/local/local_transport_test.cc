// Times of rehearsed transfers and sums, and messages. The general contract is tested by tests/conformance/devices.
#include "runtime/transport/local/local_transport.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"

namespace baton {
namespace {

// Two devices, each with a stream and events, and a channel from the first to the second.
struct Pair {
  explicit Pair(int capacity, LocalTransportOptions options = {}) {
    for (int index : {0, 1}) {
      devices.push_back(HostDevice::Create(index, {}).value());
      streams.push_back(devices.back()->CreateStream().value());
    }
    LocalTransport transport(options);
    channel = transport.CreateChannel(0, 1, capacity).value();
  }
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::unique_ptr<Channel> channel;
};

std::byte* BytesOf(int* value) { return reinterpret_cast<std::byte*>(value); }

TEST_CASE("local channel: a latency puts the end of both sides off, not their start") {
  constexpr Nanos kLatency = 20'000'000;
  LocalTransportOptions options;
  options.link = [](int, int) { return LocalLinkOptions{kLatency}; };
  Pair pair(1, options);
  int sent = 5, received = 0;
  auto send_done = pair.devices[0]->CreateEvent(), receive_done = pair.devices[1]->CreateEvent();
  auto started = pair.devices[1]->CreateEvent();
  REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&sent), sizeof(int), *send_done, nullptr).ok());
  REQUIRE(pair.channel->Receive(*pair.streams[1], BytesOf(&received), sizeof(int), *receive_done, started.get()).ok());
  REQUIRE(pair.streams[1]->Wait(*receive_done).ok());
  const Nanos start = started->DoneAt();
  CHECK(SteadyNow() >= start + kLatency);
  CHECK(receive_done->DoneAt() >= start + kLatency);
  CHECK(send_done->DoneAt() == receive_done->DoneAt());
  CHECK(received == 5);
}

TEST_CASE("local channel: transfers of a step have latencies of their own, over and over") {
  constexpr Nanos kSlow = 20'000'000;
  LocalTransportOptions options;
  options.link = [](int, int) { return LocalLinkOptions{0, 0, -1, {0, kSlow}}; };
  Pair pair(1, options);
  int sent = 5, received = 0;
  for (int transfer = 0; transfer < 4; ++transfer) {
    auto send_done = pair.devices[0]->CreateEvent(), receive_done = pair.devices[1]->CreateEvent();
    auto started = pair.devices[1]->CreateEvent();
    REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&sent), sizeof(int), *send_done, nullptr).ok());
    REQUIRE(
        pair.channel->Receive(*pair.streams[1], BytesOf(&received), sizeof(int), *receive_done, started.get()).ok());
    REQUIRE(pair.streams[1]->Wait(*receive_done).ok());
    if (transfer % 2 == 1) {
      CHECK(receive_done->DoneAt() >= started->DoneAt() + kSlow);
    } else {
      CHECK(receive_done->DoneAt() >= started->DoneAt());
    }
  }
}

TEST_CASE("local channel: a rehearsal moves nothing, an empty transfer needs no buffer") {
  LocalTransportOptions options;
  options.moves_data = false;
  Pair rehearsal(1, options), real(1);
  int sent = 5, received = 0;
  for (Pair* pair : {&rehearsal, &real}) {
    const bool empty = pair == &real;
    auto send_done = pair->devices[0]->CreateEvent(), receive_done = pair->devices[1]->CreateEvent();
    const Bytes bytes = empty ? 0 : sizeof(int);
    REQUIRE(pair->channel->Send(*pair->streams[0], empty ? nullptr : BytesOf(&sent), bytes, *send_done, nullptr).ok());
    REQUIRE(
        pair->channel->Receive(*pair->streams[1], empty ? nullptr : BytesOf(&received), bytes, *receive_done, nullptr)
            .ok());
    CHECK(receive_done->Done());
    CHECK(received == 0);
  }
}

TEST_CASE("local channel: sizes that differ and posts beyond the capacity are internal errors") {
  Pair pair(1);
  int value = 0;
  auto send_done = pair.devices[0]->CreateEvent(), receive_done = pair.devices[1]->CreateEvent();
  REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&value), 4, *send_done, nullptr).ok());
  const absl::Status full = pair.channel->Send(*pair.streams[0], BytesOf(&value), 4, *send_done, nullptr);
  CHECK(full.code() == absl::StatusCode::kInternal);
  const absl::Status differs = pair.channel->Receive(*pair.streams[1], BytesOf(&value), 2, *receive_done, nullptr);
  CHECK(differs == absl::InternalError("a send of 4 bytes matches a receive of 2 bytes"));
  CHECK_FALSE(send_done->Done());
  CHECK_FALSE(receive_done->Done());
}

// Without data an empty buffer will do.
TEST_CASE("local collective: a rehearsal's latency counts from the last arrival and adds nothing") {
  constexpr Nanos kLatency = 10'000'000;
  LocalTransportOptions options;
  options.reduce_ns = [](int) { return kLatency; };
  options.moves_data = false;
  LocalTransport transport(options);
  auto device = HostDevice::Create(0, {}).value();
  auto stream = device->CreateStream().value();
  auto collective = transport.CreateCollective({0}).value();
  const ReduceBuffer nothing;
  auto started = device->CreateEvent(), done = device->CreateEvent();
  REQUIRE(collective->Arrive(*stream, 0, {&nothing, 1}, *done, started.get()).ok());
  REQUIRE(stream->Wait(*done).ok());
  CHECK(SteadyNow() >= started->DoneAt() + kLatency);
}

TEST_CASE("local transport: channels to oneself and negative latencies are refused") {
  LocalTransport plain;
  CHECK(plain.CreateChannel(2, 2, 1).status().code() == absl::StatusCode::kInvalidArgument);
  LocalTransportOptions options;
  options.link = [](int, int) { return LocalLinkOptions{-1}; };
  LocalTransport negative(options);
  CHECK(negative.CreateChannel(0, 1, 1).status().code() == absl::StatusCode::kInvalidArgument);
  options.link = [](int from, int) { return LocalLinkOptions{0, 0, -1, {3, from == 0 ? -1 : 1}}; };
  LocalTransport of_a_transfer(options);
  CHECK(of_a_transfer.CreateChannel(0, 1, 1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(of_a_transfer.CreateChannel(1, 0, 1).ok());
}

TEST_CASE("local transport: channels that share a link take turns for their bytes, others do not") {
  const bool shared = GENERATE(true, false);
  LocalTransportOptions options;
  options.link = [shared](int from, int) { return LocalLinkOptions{1'000'000, 1e-4, shared ? 3 : -1 - from}; };
  options.moves_data = false;
  LocalTransport transport(options);
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<std::unique_ptr<Event>> done;
  for (int index = 0; index < 3; ++index) {
    devices.push_back(HostDevice::Create(index, {}).value());
    streams.push_back(devices.back()->CreateStream().value());
  }
  std::unique_ptr<Event> started[2];
  for (int from : {0, 1}) {
    channels.push_back(transport.CreateChannel(from, 2, 1).value());
    for (int side : {0, 1}) done.push_back(devices[side]->CreateEvent());
    started[from] = devices[from]->CreateEvent();
  }
  std::byte data[1000];
  for (int from : {0, 1}) {
    REQUIRE(channels[from]->Send(*streams[from], data, 1000, *done[2 * from], started[from].get()).ok());
    REQUIRE(channels[from]->Receive(*streams[2], data, 1000, *done[2 * from + 1], nullptr).ok());
  }
  const Nanos starts[] = {started[0]->DoneAt(), started[1]->DoneAt()};
  // 1000 bytes hold a link for 10 ms; then comes the latency.
  CHECK(done[0]->DoneAt() == starts[0] + 11'000'000);
  CHECK(done[2]->DoneAt() == (shared ? std::max(starts[1], starts[0] + 10'000'000) : starts[1]) + 11'000'000);
}

}  // namespace
}  // namespace baton
