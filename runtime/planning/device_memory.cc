// Compares what is needed with what there is.
#include "runtime/planning/device_memory.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "runtime/device/host/host_memory.h"
#include "runtime/planning/plan_job.h"

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

MemoryNeed FullestMemory(const proto::Job& job, const JobPrograms& programs) {
  CostModel costs;
  ApplyCores(job, /*processors_here=*/0, costs);
  const bool share = job.devices().has_gpus();
  // Members that share all GPUs of a node have several on each.
  const int gpus = std::max(1, job.devices().gpus());
  const int members_each = share ? (costs.cores.threads_each + gpus - 1) / gpus : 1;
  std::vector<MemoryNeed> needs(share ? costs.cores.NumProcessors(programs.training.num_devices())
                                      : programs.training.num_devices());
  for (int device = 0; device < programs.training.num_devices(); ++device) {
    MemoryNeed& need = needs[share ? costs.cores.ProcessorOf(device) : device];
    need.devices.push_back(device);
    need.bytes += members_each * programs.BytesOf(device);
  }
  return *std::max_element(needs.begin(), needs.end(),
                           [](const MemoryNeed& a, const MemoryNeed& b) { return a.bytes < b.bytes; });
}

absl::Status CheckDeviceMemory(const proto::Job& job, const JobPrograms& programs) {
  if (!job.devices().has_memory_gib()) return absl::OkStatus();
  const Bytes limit = DeviceMemoryLimit(job);
  const MemoryNeed need = FullestMemory(job, programs);
  if (need.bytes <= limit) return absl::OkStatus();
  MemoryBreakdown memory;
  Bytes evaluation = 0, exchange = 0;
  for (const int device : need.devices) {
    memory += BreakDownMemory(programs.training.devices[device]);
    evaluation += programs.EvaluationBytesOf(device);
    exchange += programs.ExchangeBytesOf(device);
  }
  std::string parts = FormatMemory(memory);
  if (evaluation > 0) absl::StrAppend(&parts, ", evaluation ", FormatBytes(evaluation));
  if (exchange > 0) absl::StrAppend(&parts, ", sums with other processes ", FormatBytes(exchange));
  const std::string who = need.devices.size() == 1
                              ? absl::StrCat("device ", need.devices[0], " needs ")
                              : absl::StrCat("the GPU of devices ", absl::StrJoin(need.devices, ", "), " needs ");
  return absl::InvalidArgumentError(absl::StrCat("devices.memory_gib: ", who, FormatBytes(need.bytes), " by ",
                                                 programs.training.schedule, ", ", FormatBytes(need.bytes - limit),
                                                 " more than the ", FormatBytes(limit), " that it has: ", parts));
}

absl::Status CheckFreeMemory(const std::string& what, Bytes needed) {
  const Bytes free = FreeMemoryBytes();
  if (needed <= free) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("model: ", what, " needs ", FormatBytes(needed), ", but ",
                                                 FormatBytes(free), " of this machine's memory is free"));
}

}  // namespace baton
