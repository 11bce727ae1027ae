// Whether a job's programs fit the memory of its devices and of this machine. Used by training sessions before anything
// is launched, and by the commands.
#ifndef BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_
#define BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_programs.h"
#include "schedules/program/memory_breakdown.h"

namespace baton {

// devices.memory_gib in bytes. The job must have it.
Bytes DeviceMemoryLimit(const proto::Job& job);

// As "parameters 1.2 GiB, gradients …", without the parts that are 0.
std::string FormatMemory(const MemoryBreakdown& memory);

// The devices of a processor that share devices.memory_gib, and what they need.
struct MemoryNeed {
  std::vector<int> devices;  // ascending, at least one
  Bytes bytes = 0;
};
// That of the fullest GPU, or of the fullest device if none share a GPU by devices.gpus.
MemoryNeed FullestMemory(const proto::Job& job, const JobPrograms& programs);

// OK if the job has no devices.memory_gib. Errors: InvalidArgument "devices.memory_gib: device 0 needs …".
absl::Status CheckDeviceMemory(const proto::Job& job, const JobPrograms& programs);

// Errors: InvalidArgument "model: WHAT needs … but …" if `needed` is more than FreeMemoryBytes() of
// runtime/device/host. `what` is the subject of the sentence.
absl::Status CheckFreeMemory(const std::string& what, Bytes needed);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_
