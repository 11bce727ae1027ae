// How far measured times are to be relied on: what is said of their spread and of other work on the machine.
#include "runtime/planning/profile.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "runtime/device/host/host_device.h"
#include "runtime/planning/bench.h"

namespace baton {
namespace {

TEST_CASE("the spread names both ends, the runs and their part") {
  CHECK(DescribeSpread({1'500'000, 2'000'000, 0}, 5, "layer") == "1.50 ms to 2.00 ms in 5 runs of each layer");
  CHECK(DescribeSpread({1'000, 1'000, 0}, 1, "chunk") == "1.00 µs to 1.00 µs in 1 run of each chunk");
}

TEST_CASE("other work is noted from a tenth of the time on") {
  CHECK(NoteOnOtherWork({1, 1, 0.09}).empty());
  CHECK(NoteOnOtherWork({1, 1, 0.34}) ==
        "note: the machine does other work, which had the core for 34 % of the time; measured times are too long by as "
        "much");
}

TEST_CASE("a bench knows for which part of the timed calls its thread did not run") {
  const std::unique_ptr<HostDevice> device = HostDevice::Create(0, HostDeviceOptions{}).value();
  const std::unique_ptr<Bench> bench = Bench::Create(*device, 1 << 12).value();
  CHECK(bench->Waited() == 0);
  const auto sleep = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return absl::OkStatus();
  };
  REQUIRE(bench->Time(3, sleep).ok());
  // A sleeping thread has no core, as one that waits for it.
  CHECK(bench->Waited() > 0.5);
  CHECK(bench->Waited() <= 1);
}

}  // namespace
}  // namespace baton
