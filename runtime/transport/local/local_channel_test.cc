// Transfers between threads: pairing, order, sizes, latency and cancelling.
#include "runtime/transport/local/local_channel.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"
#include "runtime/transport/local/local_transport.h"

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

TEST_CASE("local channel: the n-th send meets the n-th receive, whoever posts first") {
  const bool send_first = GENERATE(true, false);
  constexpr int kTransfers = 3;
  Pair pair(kTransfers);
  int sent[kTransfers] = {11, 22, 33};
  int received[kTransfers] = {};
  std::vector<std::unique_ptr<Event>> send_done, receive_done, send_start, receive_start;
  for (int i = 0; i < kTransfers; ++i) {
    send_done.push_back(pair.devices[0]->CreateEvent());
    receive_done.push_back(pair.devices[1]->CreateEvent());
    send_start.push_back(pair.devices[0]->CreateEvent());
    receive_start.push_back(pair.devices[1]->CreateEvent());
  }
  auto send_all = [&] {
    for (int i = 0; i < kTransfers; ++i) {
      REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&sent[i]), sizeof(int), *send_done[i], send_start[i].get())
                  .ok());
    }
  };
  if (send_first) send_all();
  const Nanos between = SteadyNow();
  for (int i = 0; i < kTransfers; ++i) {
    REQUIRE(
        pair.channel
            ->Receive(*pair.streams[1], BytesOf(&received[i]), sizeof(int), *receive_done[i], receive_start[i].get())
            .ok());
    CHECK(receive_done[i]->Done() == send_first);
  }
  if (!send_first) send_all();
  for (int i = 0; i < kTransfers; ++i) {
    CHECK(received[i] == sent[i]);
    CHECK(send_start[i]->DoneAt() == receive_start[i]->DoneAt());
    CHECK(send_start[i]->DoneAt() >= between);
    CHECK(send_done[i]->Done());
    CHECK(send_done[i]->DoneAt() == receive_done[i]->DoneAt());
    CHECK(send_done[i]->DoneAt() >= send_start[i]->DoneAt());
  }
}

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
  CHECK(differs == absl::InternalError("a send of 4 bytes met a receive of 2 bytes"));
  CHECK_FALSE(send_done->Done());
  CHECK_FALSE(receive_done->Done());
}

TEST_CASE("local channel: a reset forgets what was not met") {
  Pair pair(2);
  int stale = 1, fresh = 2, received = 0;
  auto stale_done = pair.devices[0]->CreateEvent(), fresh_done = pair.devices[0]->CreateEvent();
  auto receive_done = pair.devices[1]->CreateEvent();
  REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&stale), sizeof(int), *stale_done, nullptr).ok());
  pair.channel->Reset();
  REQUIRE(pair.channel->Send(*pair.streams[0], BytesOf(&fresh), sizeof(int), *fresh_done, nullptr).ok());
  REQUIRE(pair.channel->Receive(*pair.streams[1], BytesOf(&received), sizeof(int), *receive_done, nullptr).ok());
  CHECK(received == 2);
  CHECK_FALSE(stale_done->Done());
}

TEST_CASE("local channel: a stream of transfers between two threads, more than the capacity in all") {
  constexpr int kTransfers = 2'000;
  constexpr int kCapacity = 4;
  Pair pair(kCapacity);
  std::vector<int> sent(kTransfers), received(kTransfers);
  std::vector<std::unique_ptr<Event>> send_done, receive_done;
  for (int i = 0; i < kTransfers; ++i) {
    sent[i] = i * 7;
    send_done.push_back(pair.devices[0]->CreateEvent());
    receive_done.push_back(pair.devices[1]->CreateEvent());
  }
  int send_errors = 0, receive_errors = 0;
  std::thread sender([&] {
    for (int i = 0; i < kTransfers; ++i) {
      if (i >= kCapacity) send_errors += !pair.streams[0]->Wait(*send_done[i - kCapacity]).ok();
      send_errors += !pair.channel->Send(*pair.streams[0], BytesOf(&sent[i]), sizeof(int), *send_done[i], nullptr).ok();
    }
  });
  for (int i = 0; i < kTransfers; ++i) {
    receive_errors +=
        !pair.channel->Receive(*pair.streams[1], BytesOf(&received[i]), sizeof(int), *receive_done[i], nullptr).ok();
    receive_errors += !pair.streams[1]->Wait(*receive_done[i]).ok();
  }
  sender.join();
  CHECK(send_errors == 0);
  CHECK(receive_errors == 0);
  CHECK(received == sent);
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
