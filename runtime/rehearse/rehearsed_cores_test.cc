// Sleeping devices that share cores: sleeps may be late, but never early.
#include "runtime/rehearse/rehearsed_cores.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"

namespace baton {
namespace {

constexpr Nanos kMillisecond = 1'000'000;

// The time from before the first call to after the last one, if each device computes `work` at once.
Nanos TimeOf(const SharedCores& cores, const std::vector<Nanos>& work) {
  const int num_devices = static_cast<int>(work.size());
  RehearsedCores rehearsed(cores, num_devices);
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int device = 0; device < num_devices; ++device) {
    devices.push_back(HostDevice::Create(device, HostDeviceOptions()).value());
    streams.push_back(devices.back()->CreateStream().value());
  }
  const Nanos begin = SteadyNow();
  std::vector<std::thread> threads;
  for (int device = 0; device < num_devices; ++device) {
    threads.emplace_back([&, device] {
      for (int pass = 0; pass < 3; ++pass) {
        const absl::Status status = rehearsed.Compute(static_cast<HostStream&>(*streams[device]), device, work[device]);
        if (!status.ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return SteadyNow() - begin;
}

TEST_CASE("sleeping devices on one core take the sum of their times, on several the longest") {
  CHECK(TimeOf({1, 1, 0}, {5 * kMillisecond, 5 * kMillisecond, 10 * kMillisecond}) >= 60 * kMillisecond);
  CHECK(TimeOf({2, 1, 0}, {5 * kMillisecond, 5 * kMillisecond, 10 * kMillisecond}) >= 30 * kMillisecond);
  CHECK(TimeOf({1, 1, 1}, {5 * kMillisecond, 10 * kMillisecond}) >= 30 * kMillisecond);
}

}  // namespace
}  // namespace baton
