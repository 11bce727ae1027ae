// Sleeps as TimedModule does.
#include "runtime/rehearse/sleep_lateness.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"
#include "runtime/device/host/host_stream.h"
#include "runtime/rehearse/timed_module.h"

namespace baton {
namespace {

constexpr int kSleeps = 25;
constexpr Nanos kSleep = 100'000;
// The lateness may be this part of a pass.
constexpr Nanos kMostLate = 20;

}  // namespace

absl::StatusOr<Nanos> MeasureSleepLateness() {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Device> device, HostDevice::Create(0, RehearsalDeviceOptions()));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream, device->CreateStream());
  std::vector<Nanos> lateness;
  for (int i = 0; i < kSleeps; ++i) {
    const Nanos deadline = SteadyNow() + kSleep;
    BATON_RETURN_IF_ERROR(static_cast<HostStream&>(*stream).SleepUntil(deadline));
    lateness.push_back(std::max<Nanos>(0, SteadyNow() - deadline));
  }
  std::nth_element(lateness.begin(), lateness.begin() + kSleeps / 2, lateness.end());
  return lateness[kSleeps / 2];
}

std::string DescribeSleepLateness(Nanos lateness_ns, Nanos shortest_ns) {
  const std::string here = absl::StrCat("a sleep ends ", FormatDuration(lateness_ns), " late on this machine (median)");
  if (lateness_ns <= shortest_ns / kMostLate) return here;
  return absl::StrCat("note: ", here, ", but the shortest pass takes ", FormatDuration(shortest_ns),
                      ": measured times are too long; rehearse passes of ", FormatDuration(kMostLate * lateness_ns),
                      " or more");
}

}  // namespace baton
