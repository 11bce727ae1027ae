// Reads, overrides and resolves a job. Used by every command that takes a job file.
#ifndef BATON_RUNTIME_JOB_LOAD_H_
#define BATON_RUNTIME_JOB_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// `overrides`: as --set takes them, applied in order. Errors: those of ReadJob, ApplyOverride and ResolveJob.
absl::StatusOr<proto::Job> LoadJob(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_LOAD_H_
