// Intervals as their bytes: all processes are of one build.
#include "runtime/train/gather_trace.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/trace/align_clocks.h"

namespace baton {
namespace {

std::string PrintTrace(Nanos start, const Program& program, const std::vector<int>& rank_of_device, int rank,
                       const Trace& trace) {
  std::string bytes(reinterpret_cast<const char*>(&start), sizeof(start));
  for (int device = 0; device < program.num_devices(); ++device) {
    if (rank_of_device[device] != rank) continue;
    const std::vector<Interval>& intervals = trace.devices[device];
    bytes.append(reinterpret_cast<const char*>(intervals.data()), intervals.size() * sizeof(Interval));
  }
  return bytes;
}

// Adds the intervals of `rank` to `trace` and returns when its step began, by rank 0's clock.
absl::StatusOr<Nanos> ReadTrace(const std::string& bytes, const Program& program,
                                const std::vector<int>& rank_of_device, int rank, Trace& trace) {
  size_t expected = sizeof(Nanos);
  for (int device = 0; device < program.num_devices(); ++device) {
    if (rank_of_device[device] == rank) expected += program.devices[device].instructions.size() * sizeof(Interval);
  }
  if (bytes.size() != expected) {
    return absl::InternalError(
        absl::StrCat("rank ", rank, " sent a trace of ", bytes.size(), " bytes, not ", expected));
  }
  Nanos start = 0;
  std::memcpy(&start, bytes.data(), sizeof(start));
  const char* next = bytes.data() + sizeof(start);
  for (int device = 0; device < program.num_devices(); ++device) {
    if (rank_of_device[device] != rank) continue;
    std::vector<Interval>& intervals = trace.devices[device];
    intervals.resize(program.devices[device].instructions.size());
    std::memcpy(intervals.data(), next, intervals.size() * sizeof(Interval));
    next += intervals.size() * sizeof(Interval);
  }
  return start;
}

}  // namespace

absl::Status GatherTrace(Control& control, const Program& program, const std::vector<int>& rank_of_device,
                         Nanos step_start, Trace& trace) {
  const Nanos start = step_start + control.clock_offset_ns();
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all,
                         control.Gather(PrintTrace(start, program, rank_of_device, control.rank(), trace)));
  if (all.empty()) return absl::OkStatus();
  std::vector<Nanos> starts;
  for (int rank = 0; rank < control.size(); ++rank) {
    BATON_ASSIGN_OR_RETURN(const Nanos began, ReadTrace(all[rank], program, rank_of_device, rank, trace));
    starts.push_back(began);
  }
  const Nanos first = *std::min_element(starts.begin(), starts.end());
  for (int device = 0; device < program.num_devices(); ++device) {
    ShiftTimes(starts[rank_of_device[device]] - first, trace.devices[device]);
  }
  AlignClocks(program, rank_of_device, trace);
  Nanos earliest = std::numeric_limits<Nanos>::max();
  for (const std::vector<Interval>& intervals : trace.devices) {
    for (const Interval& interval : intervals) earliest = std::min(earliest, interval.ready);
  }
  for (std::vector<Interval>& intervals : trace.devices) ShiftTimes(std::max<Nanos>(-earliest, 0), intervals);
  return absl::OkStatus();
}

}  // namespace baton
