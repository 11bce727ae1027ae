// Events, streams, arenas and cancelling of host devices.
#include "runtime/device/host/host_device.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <thread>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_event.h"
#include "runtime/device/host/host_memory.h"
#include "runtime/device/host/host_stream.h"

namespace baton {
namespace {

HostDeviceOptions WithSpin(Nanos spin_ns) {
  HostDeviceOptions options;
  options.spin_ns = spin_ns;
  return options;
}

TEST_CASE("host device: options out of range are refused by name") {
  CHECK(HostDevice::Create(-1, {}).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(HostDevice::Create(0, WithSpin(-1)).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("host device: the arena is zeroed, aligned, and one of several") {
  auto touch = GENERATE(true, false);
  HostDeviceOptions options;
  options.touch_arena = touch;
  auto device = HostDevice::Create(0, options).value();
  constexpr Bytes kBytes = 100'001;
  std::byte* arena = device->CreateArena(kBytes).value();
  CHECK(reinterpret_cast<uintptr_t>(arena) % kBufferAlignment == 0);
  Bytes nonzero = 0;
  for (Bytes i = 0; i < kBytes; ++i) nonzero += arena[i] != std::byte{0};
  CHECK(nonzero == 0);
  arena[kBytes - 1] = std::byte{1};
  // A second program's arena is memory of its own.
  std::byte* const second = device->CreateArena(kBytes).value();
  CHECK((second + kBytes <= arena || arena + kBytes <= second));
  CHECK(second[kBytes - 1] == std::byte{0});
}

TEST_CASE("host device: an arena larger than the machine is refused") {
  auto device = HostDevice::Create(0, {}).value();
  CHECK(device->CreateArena(Bytes{1} << 60).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("host device: an empty arena has an address") {
  auto device = HostDevice::Create(0, {}).value();
  CHECK(device->CreateArena(0).value() != nullptr);
}

TEST_CASE("host device: shared memory is zeroed and stays; copies go both ways") {
  auto device = HostDevice::Create(0, {}).value();
  std::byte* const arena = device->CreateArena(8).value();
  std::byte* const first = device->CreateShared(8).value();
  std::byte* const second = device->CreateShared(1'000).value();
  CHECK(device->arena_is_shared());
  CHECK(reinterpret_cast<uintptr_t>(second) % kBufferAlignment == 0);
  CHECK(std::count(second, second + 1'000, std::byte{0}) == 1'000);
  const std::vector<std::byte> written(8, std::byte{5});
  REQUIRE(device->CopyToArena(arena, written.data(), 8).ok());
  std::vector<std::byte> read(8);
  REQUIRE(device->CopyFromArena(read.data(), arena, 8).ok());
  CHECK(read == written);
  auto stream = device->CreateStream().value();
  first[7] = std::byte{9};
  REQUIRE(stream->CopyFromShared(arena, first, 8).ok());
  CHECK(arena[7] == std::byte{9});
  REQUIRE(stream->Zero(arena, 7).ok());
  CHECK(arena[0] == std::byte{0});
  CHECK(arena[7] == std::byte{9});
  CHECK(device->CreateShared(Bytes{1} << 60).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("host event: done when recorded, not before, not after a reset") {
  auto device = HostDevice::Create(0, {}).value();
  auto stream = device->CreateStream().value();
  auto event = device->CreateEvent();
  CHECK_FALSE(event->Done());
  const Nanos before = SteadyNow();
  REQUIRE(stream->Record(*event).ok());
  CHECK(event->Done());
  CHECK(event->DoneAt() >= before);
  CHECK(event->DoneAt() <= SteadyNow());
  CHECK(stream->Wait(*event).ok());
  event->Reset();
  CHECK_FALSE(event->Done());
}

TEST_CASE("host event: a planned time is not done before it comes, and a waiter sleeps until then") {
  auto device = HostDevice::Create(0, {}).value();
  auto stream = device->CreateStream().value();
  auto event = device->CreateEvent();
  const Nanos planned = SteadyNow() + 30'000'000;
  static_cast<HostEvent&>(*event).CompleteAt(planned);
  const bool done_at_once = event->Done();
  const bool was_early = SteadyNow() < planned;
  if (was_early) CHECK_FALSE(done_at_once);
  REQUIRE(stream->Wait(*event).ok());
  CHECK(SteadyNow() >= planned);
  CHECK(event->Done());
  CHECK(event->DoneAt() == planned);
}

// The hand-over that every transfer rests on: no wake-up is lost, and what was written before is visible.
TEST_CASE("host event: two threads wake each other many times") {
  const Nanos spin_ns = GENERATE(0, 2'000);
  constexpr int kRounds = 2'000;
  auto ping_device = HostDevice::Create(0, WithSpin(spin_ns)).value();
  auto pong_device = HostDevice::Create(1, WithSpin(spin_ns)).value();
  std::vector<std::unique_ptr<Event>> pings, pongs;
  for (int i = 0; i < kRounds; ++i) {
    pings.push_back(ping_device->CreateEvent());
    pongs.push_back(pong_device->CreateEvent());
  }
  int64_t value = 0;  // written in turns, ordered by the events alone
  std::thread pong([&] {
    auto stream = pong_device->CreateStream().value();
    for (int i = 0; i < kRounds; ++i) {
      if (!stream->Wait(*pongs[i]).ok()) return;
      value += 1;
      static_cast<HostEvent&>(*pings[i]).CompleteAt(SteadyNow());
    }
  });
  auto stream = ping_device->CreateStream().value();
  int wrong = 0;
  for (int i = 0; i < kRounds; ++i) {
    static_cast<HostEvent&>(*pongs[i]).CompleteAt(SteadyNow());
    wrong += !stream->Wait(*pings[i]).ok();
    wrong += value != i + 1;
  }
  pong.join();
  CHECK(wrong == 0);
}

TEST_CASE("host device: cancelling wakes a wait without end and a long sleep, until resumed") {
  auto device = HostDevice::Create(0, {}).value();
  auto stream = device->CreateStream().value();
  auto never = device->CreateEvent();
  auto done = device->CreateEvent();
  REQUIRE(stream->Record(*done).ok());
  const bool sleeps = GENERATE(true, false);
  constexpr Nanos kHour = 3'600'000'000'000;
  auto block = [&] {
    return sleeps ? static_cast<HostStream&>(*stream).SleepUntil(SteadyNow() + kHour) : stream->Wait(*never);
  };
  absl::Status status;
  std::thread worker([&] { status = block(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  device->Cancel();
  worker.join();
  CHECK(status.code() == absl::StatusCode::kCancelled);
  // Later waits return as well; what is done needs no waiting.
  CHECK(block().code() == absl::StatusCode::kCancelled);
  CHECK(stream->Wait(*done).ok());
  device->Resume();
  CHECK(static_cast<HostStream&>(*stream).SleepUntil(SteadyNow() + 1'000).ok());
}

TEST_CASE("free memory is some, and no more than there is") {
  CHECK(FreeMemoryBytes() > 0);
  CHECK(FreeMemoryBytes() < Bytes{1} << 50);
}

}  // namespace
}  // namespace baton
