// Connecting, leaving, silence and aborts. The general contract is tested by tests/conformance/devices.
#include "runtime/transport/gloo/gloo_transport.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "runtime/device/host/host_device.h"
#include "runtime/transport/peer.h"
#include "runtime/transport/testing/stores.h"

namespace baton {
namespace {

// Device n is in the process of rank n.
struct Side {
  Side(Store* store, int rank, int64_t connect_timeout_ms = 10'000) {
    GlooTransportOptions options;
    options.rank = rank;
    options.rank_of_device = {0, 1};
    options.store = store;
    options.connect_timeout_ms = connect_timeout_ms;
    options.name_of_rank = [](int which) { return which == 0 ? "rank 0 (a)" : "rank 1 (b)"; };
    transport = GlooTransport::Create(options).value();
    device = HostDevice::Create(rank, {}).value();
    stream = device->CreateStream().value();
    transport->SetErrorSink([this](const absl::Status& status) {
      reported = status;
      device->Cancel();
    });
    channel = transport->CreateChannel(0, 1, 4).value();
    done = device->CreateEvent();
  }
  absl::Status Receive(void* data, Bytes bytes) {
    return channel->Receive(*stream, static_cast<std::byte*>(data), bytes, *done, nullptr);
  }
  absl::Status Send(const void* data, Bytes bytes) {
    return channel->Send(*stream, static_cast<const std::byte*>(data), bytes, *done, nullptr);
  }

  std::unique_ptr<HostDevice> device;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Event> done;
  absl::Status reported;  // read it only once the device is cancelled; the transport's threads write it while it lives
  std::unique_ptr<GlooTransport> transport;
  std::unique_ptr<Channel> channel;
};

TEST_CASE("gloo: what is posted before the connection stands arrives") {
  MemoryStore store;
  Side receiver(&store, 1);
  int received = 0;
  REQUIRE(receiver.Receive(&received, sizeof(int)).ok());
  Side sender(&store, 0);
  const int sent = 5;
  REQUIRE(sender.Send(&sent, sizeof(int)).ok());
  REQUIRE(receiver.stream->Wait(*receiver.done).ok());
  REQUIRE(sender.stream->Wait(*sender.done).ok());
  CHECK(received == 5);
}

TEST_CASE("gloo: a process that never comes is named after the timeout") {
  MemoryStore store;
  Side alone(&store, 0, /*connect_timeout_ms=*/50);
  const absl::Status status = alone.transport->AwaitConnected();
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK_THAT(std::string(status.message()), Catch::StartsWith("rank 0 (a) cannot connect with rank 1 (b): no process"));
}

TEST_CASE("gloo: a transport that still waits for a process goes away at once") {
  MemoryStore store;
  const auto begin = std::chrono::steady_clock::now();
  { Side alone(&store, 0, /*connect_timeout_ms=*/60'000); }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}

TEST_CASE("gloo: a process that leaves behind its last transfer is not missed, however late its goodbye is read") {
  // Busy threads delay those of the transports.
  std::atomic<bool> is_over{false};
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
    busy.emplace_back([&] {
      while (!is_over) {
      }
    });
  }
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    MemoryStore store;
    Side stays(&store, 0);
    {
      Side leaves(&store, 1);
      int received = 0;
      REQUIRE(leaves.Receive(&received, sizeof(int)).ok());
      REQUIRE(stays.Send(&round, sizeof(int)).ok());
      REQUIRE(leaves.stream->Wait(*leaves.done).ok());
      REQUIRE(leaves.stream->Synchronize().ok());
    }
    REQUIRE(stays.stream->Wait(*stays.done).ok());
    REQUIRE(stays.stream->Synchronize().ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stays.channel.reset();
    stays.transport.reset();
    CHECK(stays.reported.ok());
  }
  is_over = true;
  for (std::thread& each : busy) each.join();
}

TEST_CASE("gloo: a wait ends, and names both processes, when the other one goes") {
  MemoryStore store;
  Side receiver(&store, 1);
  auto sender = std::make_unique<Side>(&store, 0);
  REQUIRE(receiver.transport->AwaitConnected().ok());
  int received = 0;
  REQUIRE(receiver.Receive(&received, sizeof(int)).ok());
  sender.reset();
  CHECK(receiver.stream->Wait(*receiver.done).code() == absl::StatusCode::kCancelled);
  CHECK(receiver.reported.code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(receiver.reported.message()),
             Catch::StartsWith("the connection of rank 1 (b) with rank 0 (a) broke: "));
  CHECK(PeerOf(receiver.reported) == 0);
  CHECK(receiver.Receive(&received, sizeof(int)) == receiver.reported);
}

TEST_CASE("gloo: an abort ends the waits of both sides") {
  MemoryStore store;
  Side receiver(&store, 1), sender(&store, 0);
  REQUIRE(receiver.transport->AwaitConnected().ok());
  int value = 0;
  REQUIRE(receiver.Receive(&value, sizeof(int)).ok());
  sender.transport->Abort(absl::AbortedError("enough"));
  CHECK(receiver.stream->Wait(*receiver.done).code() == absl::StatusCode::kCancelled);
  CHECK(receiver.reported.code() == absl::StatusCode::kUnavailable);
  CHECK(sender.Send(&value, sizeof(int)) == absl::AbortedError("enough"));
  CHECK(sender.reported.ok());
}

TEST_CASE("gloo: options out of range are refused by name") {
  MemoryStore store;
  GlooTransportOptions options;
  const auto message = [&] {
    const absl::Status status = GlooTransport::Create(options).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(message() == "store: null");
  options.store = &store;
  options.rank_of_device = {0, 1};
  SECTION("timeout") {
    options.connect_timeout_ms = 0;
    CHECK_THAT(message(), Catch::StartsWith("connect_timeout_ms is 0; it must be from 1 to "));
  }
  SECTION("address of nobody") {
    options.address = "no-such-host.invalid";
    CHECK_THAT(message(), Catch::StartsWith("address: no host \"no-such-host.invalid\": "));
  }
  SECTION("address of another machine") {
    options.address = "192.0.2.1";
    CHECK_THAT(message(), Catch::StartsWith("address \"192.0.2.1\" is not one of this machine: "));
  }
  SECTION("interface") {
    options.interface = "none0";
    CHECK_THAT(message(), Catch::StartsWith("interface \"none0\" is not one of this machine: "));
  }
  SECTION("devices") {
    auto transport = GlooTransport::Create(options).value();
    CHECK(transport->CreateChannel(0, 2, 1).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(transport->CreateCollective({0, -1}).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("gloo: a sum that meets an exchange of shards of the same size is an error") {
  MemoryStore store;
  Side first(&store, 0), second(&store, 1);
  float value = 1;
  ReduceBuffer buffer = {reinterpret_cast<std::byte*>(&value), sizeof(value)};
  const auto sum = first.transport->CreateCollective({0, 1}).value();
  const auto shards = second.transport->CreateCollective({0, 1}).value();
  REQUIRE(sum->Arrive(*first.stream, 0, {&buffer, 1}, *first.done, nullptr).ok());
  buffer.combine = Combine::kShards;
  REQUIRE(shards->Arrive(*second.stream, 1, {&buffer, 1}, *second.done, nullptr).ok());
  CHECK(first.stream->Wait(*first.done).code() == absl::StatusCode::kCancelled);
  CHECK(second.stream->Wait(*second.done).code() == absl::StatusCode::kCancelled);
  // The side that finds it closes the connection, and the other one may learn no more than that.
  CHECK((absl::IsInternal(first.reported) || absl::IsInternal(second.reported)));
}

TEST_CASE("gloo: channels and sums of other processes are not made") {
  MemoryStore store;
  GlooTransportOptions options;
  options.rank = 0;
  options.rank_of_device = {0, 0, 1, 2};
  options.store = &store;
  auto transport = GlooTransport::Create(options).value();
  CHECK(transport->CreateChannel(2, 3, 1).value() == nullptr);
  CHECK(transport->CreateCollective({2, 3}).value() == nullptr);
  CHECK(transport->CreateChannel(0, 1, 1).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
