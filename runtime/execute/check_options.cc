// See check_options.h.
#include "runtime/execute/check_options.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr int64_t kMaxTimeoutMilliseconds = int64_t{365} * 24 * 3'600 * 1'000;  // a year; so that no time overflows

}  // namespace

std::vector<Device*> OwnDevices(const std::vector<Device*>& devices) {
  std::vector<Device*> own;
  std::copy_if(devices.begin(), devices.end(), std::back_inserter(own),
               [](Device* device) { return device != nullptr; });
  return own;
}

absl::Status CheckOptions(const Program& program, const ExecutorOptions& options) {
  if (options.devices.size() != program.devices.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices: ", options.devices.size(), " for a program that runs on ", program.devices.size()));
  }
  if (OwnDevices(options.devices).empty()) return absl::InvalidArgumentError("devices: none is in this process");
  for (size_t index = 0; index < options.devices.size(); ++index) {
    if (options.devices[index] != nullptr && options.devices[index]->index() != static_cast<int>(index)) {
      return absl::InvalidArgumentError(absl::StrCat("devices[", index, "] is not the device with that index"));
    }
  }
  if (options.modules.size() != program.placement.replicas().size()) {
    return absl::InvalidArgumentError(absl::StrCat("modules: ", options.modules.size(), " for a program of ",
                                                   program.placement.replicas().size(), " replicas of chunks"));
  }
  for (size_t i = 0; i < options.modules.size(); ++i) {
    const int device = program.placement.replicas()[i].device;
    const bool is_here = options.devices[device] != nullptr;
    if (is_here == (options.modules[i] != nullptr)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("modules[", i, is_here ? "]: null" : "]: a module of device ",
                     is_here ? "" : absl::StrCat(device, ", which is in another process")));
  }
  if (options.transport == nullptr) return absl::InvalidArgumentError("transport: null");
  if (options.watchdog_timeout_ms < 1 || options.watchdog_timeout_ms > kMaxTimeoutMilliseconds) {
    return absl::InvalidArgumentError(absl::StrCat("watchdog_timeout_ms is ", options.watchdog_timeout_ms,
                                                   "; it must be from 1 to ", kMaxTimeoutMilliseconds));
  }
  return absl::OkStatus();
}

}  // namespace baton
