// A job ready to launch: planned, compiled and checked against the memory of its devices. Used by training sessions.
#ifndef BATON_RUNTIME_PLANNING_PREPARE_JOB_H_
#define BATON_RUNTIME_PLANNING_PREPARE_JOB_H_

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_programs.h"
#include "runtime/planning/plan_job.h"
#include "schedules/program/transport_model.h"

namespace baton {

struct PreparedJob {
  JobPlan plan;
  JobPrograms programs;
};

// `job` must be resolved. The programs are proven for `transport`, and run in `num_processes` processes (0: as many as
// devices.per_process names).
// Errors: InvalidArgument for an impossible job, or one that does not fit devices.memory_gib (with advice).
absl::StatusOr<PreparedJob> PrepareJob(const Backend& backend, const proto::Job& job, const TransportModel& transport,
                                       int num_processes = 0);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PREPARE_JOB_H_
