// Reads a job from text format. Used by the command line, before overrides (overrides.h) and checks (resolve.h).
#ifndef BATON_RUNTIME_JOB_JOB_FILE_H_
#define BATON_RUNTIME_JOB_JOB_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace baton {

// Parses `text`; fills in nothing. `name` names the text in messages.
// Errors: InvalidArgument with the first mistake, line and column counted from 1, as
// `gpt.textproto:3:14: pipeline has no field "stage"; did you mean "stages"?`
absl::StatusOr<proto::Job> ParseJob(absl::string_view text, absl::string_view name);

// The same for a file of at most 16 MiB. Errors: also NotFound, PermissionDenied and the like, with the path.
absl::StatusOr<proto::Job> ReadJob(const std::string& path);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_JOB_FILE_H_
