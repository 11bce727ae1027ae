// From a path on the command line to a job that can be built: read, override, resolve. Used by every command.
#ifndef BATON_RUNTIME_JOB_LOAD_H_
#define BATON_RUNTIME_JOB_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// Errors: those of ReadJob, ApplyOverride and ResolveJob.
absl::StatusOr<proto::Job> LoadJob(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_LOAD_H_
