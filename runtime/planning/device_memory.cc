// Compares what is needed with what there is.
#include "runtime/planning/device_memory.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "runtime/device/host/host_memory.h"

namespace baton {

Bytes DeviceMemoryLimit(const proto::Job& job) {
  return static_cast<Bytes>(std::llround(job.devices().memory_gib() * static_cast<double>(Bytes{1} << 30)));
}

std::string FormatMemory(const MemoryBreakdown& memory) {
  const std::pair<const char*, Bytes> parts[] = {{"parameters", memory.parameters}, {"gradients", memory.gradients},
                                                 {"optimizer", memory.optimizer},   {"activations", memory.activations},
                                                 {"buffers", memory.buffers},       {"workspace", memory.workspace}};
  std::vector<std::string> shown;
  for (const auto& [name, bytes] : parts) {
    if (bytes > 0) shown.push_back(absl::StrCat(name, " ", FormatBytes(bytes)));
  }
  return absl::StrJoin(shown, ", ");
}

absl::Status CheckDeviceMemory(const proto::Job& job, const JobPrograms& programs) {
  if (!job.devices().has_memory_gib()) return absl::OkStatus();
  const Bytes limit = DeviceMemoryLimit(job);
  const int fullest = programs.FullestDevice();
  const Bytes needed = programs.BytesOf(fullest);
  if (needed <= limit) return absl::OkStatus();
  std::string parts = FormatMemory(BreakDownMemory(programs.training.devices[fullest]));
  if (const Bytes evaluation = programs.EvaluationBytesOf(fullest); evaluation > 0) {
    absl::StrAppend(&parts, ", evaluation ", FormatBytes(evaluation));
  }
  if (const Bytes exchange = programs.ExchangeBytesOf(fullest); exchange > 0) {
    absl::StrAppend(&parts, ", sums with other processes ", FormatBytes(exchange));
  }
  return absl::InvalidArgumentError(absl::StrCat("devices.memory_gib: device ", fullest, " needs ", FormatBytes(needed),
                                                 " by ", programs.training.schedule, ", ", FormatBytes(needed - limit),
                                                 " more than the ", FormatBytes(limit), " that it has: ", parts));
}

absl::Status CheckFreeMemory(const std::string& what, Bytes needed) {
  const Bytes free = FreeMemoryBytes();
  if (needed <= free) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("model: ", what, " needs ", FormatBytes(needed), ", but ",
                                                 FormatBytes(free), " of this machine's memory is free"));
}

}  // namespace baton
