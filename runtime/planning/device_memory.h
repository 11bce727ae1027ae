// Whether a job fits the memory of its devices, and what would. Used by TrainingRun before anything is launched, and by
// the tools.
#ifndef BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_
#define BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "schedules/compile/compile.h"
#include "schedules/program/memory_breakdown.h"
#include "schedules/program/program.h"

namespace baton {

// What training runs on a device: a step, and an evaluation, whose parameters are those of the step.
struct JobPrograms {
  Program training;
  Program evaluation;

  Bytes BytesOf(int device) const {
    return training.devices[device].arena_bytes + evaluation.devices[device].arena_bytes;
  }
  // The device that needs the most; the first of equals.
  int FullestDevice() const;
};

// Errors: as Compile.
absl::StatusOr<JobPrograms> CompileJob(const CompileRequest& request);

// As "parameters 1.2 GiB, gradients …", without what is nothing.
std::string FormatMemory(const MemoryBreakdown& memory);

// OK if the job says no devices.memory_gib. Errors: InvalidArgument as "devices.memory_gib: device 0 needs …".
absl::Status CheckDeviceMemory(const proto::Job& job, const JobPrograms& programs);

// What of the job could be changed so that it fits, each really compiled: other recomputation, schedules, splits and
// micro-batches; of each kind the fastest, as overrides that can be typed: "these fit: pipeline.recompute=FULL (7.0
// GiB, step +31 %); …". Says so if nothing tried fits. `job` must be resolved.
std::string AdviseOnMemory(const Backend& backend, const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_DEVICE_MEMORY_H_
