// Tests of host devices alone: their options, planned times, timed sleeps and the futex. The general contract is tested
// by tests/conformance/devices.
#include "runtime/device/host/host_device.h"

#include <catch2/catch.hpp>
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

TEST_CASE("host device: cancelling wakes a long sleep, until resumed") {
  auto device = HostDevice::Create(0, {}).value();
  auto stream = device->CreateStream().value();
  constexpr Nanos kHour = 3'600'000'000'000;
  auto block = [&] { return static_cast<HostStream&>(*stream).SleepUntil(SteadyNow() + kHour); };
  absl::Status status;
  std::thread worker([&] { status = block(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  device->Cancel();
  worker.join();
  CHECK(status.code() == absl::StatusCode::kCancelled);
  CHECK(block().code() == absl::StatusCode::kCancelled);
  device->Resume();
  CHECK(static_cast<HostStream&>(*stream).SleepUntil(SteadyNow() + 1'000).ok());
}

TEST_CASE("host device: arenas are memory that the host can write, and record no graphs") {
  auto device = HostDevice::Create(0, {}).value();
  CHECK(device->arena_is_shared());
  CHECK_FALSE(device->runs_later());
  Device* const devices[] = {device.get()};
  CHECK(device->CreateStepGraph(devices, /*timed=*/false).status().code() == absl::StatusCode::kUnimplemented);
}

TEST_CASE("free memory is some, and no more than there is") {
  CHECK(FreeMemoryBytes() > 0);
  CHECK(FreeMemoryBytes() < Bytes{1} << 50);
}

}  // namespace
}  // namespace baton
