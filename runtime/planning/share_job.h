// A prepared job between processes: rank 0 plans, compiles and proves; the others plan the same, and prove what they
// get. Schedules that are searched for or measured may differ from one compilation to the next, so only one process
// compiles. Used by training sessions.
//
//     rank 0   PrepareJob ─▶ PrintPrepared ─▶ bytes
//     others                                  bytes ─▶ ReadPrepared
#ifndef BATON_RUNTIME_PLANNING_SHARE_JOB_H_
#define BATON_RUNTIME_PLANNING_SHARE_JOB_H_

#include <string>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/planning/prepare_job.h"
#include "schedules/program/transport_model.h"

namespace baton {

std::string PrintPrepared(const PreparedJob& prepared);

// Reads what PrintPrepared made of the same job in a process of the same build. Errors: those of PlanJob;
// FailedPrecondition if this machine's backend needs other buffers than that of the machine that planned; Internal if a
// program is unsound.
absl::StatusOr<PreparedJob> ReadPrepared(const Backend& backend, const proto::Job& job, const TransportModel& transport,
                                         const std::string& bytes);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_SHARE_JOB_H_
