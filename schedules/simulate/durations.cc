// See durations.h.
#include "schedules/simulate/durations.h"

#include "absl/strings/str_cat.h"

namespace baton {

Durations DurationsOf(const Trace& trace) {
  Durations durations(trace.devices.size());
  for (size_t device = 0; device < trace.devices.size(); ++device) {
    durations[device].reserve(trace.devices[device].size());
    for (const Interval& interval : trace.devices[device]) durations[device].push_back(interval.end - interval.start);
  }
  return durations;
}

absl::Status CheckDurations(const Program& program, const Durations& durations) {
  if (durations.size() != program.devices.size()) {
    return absl::InvalidArgumentError(absl::StrCat("durations: given for ", durations.size(),
                                                   " devices, but the program has ", program.devices.size()));
  }
  for (size_t device = 0; device < durations.size(); ++device) {
    const size_t size = program.devices[device].instructions.size();
    if (durations[device].size() != size) {
      return absl::InvalidArgumentError(
          absl::StrCat("durations: ", durations[device].size(), " for the ", size, " instructions of device ", device));
    }
    for (size_t i = 0; i < size; ++i) {
      if (durations[device][i] < 0) {
        return absl::InvalidArgumentError(absl::StrCat("durations: ", durations[device][i], " ns for instruction ", i,
                                                       " of device ", device, "; it must be at least 0"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
