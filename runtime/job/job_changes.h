// The differences of two jobs, and which of them a run may have that goes on from a checkpoint. Used by runtime/train.
#ifndef BATON_RUNTIME_JOB_JOB_CHANGES_H_
#define BATON_RUNTIME_JOB_JOB_CHANGES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// A field that differs. Lists are compared as a whole.
struct JobChange {
  std::string field;   // as "run.seed"
  std::string before;  // in text format; empty if the field is not set
  std::string after;
};

// In the order of proto/job.proto. Both jobs must be resolved.
std::vector<JobChange> CompareJobs(const proto::Job& before, const proto::Job& after);

// True if `field` is one of `allowed` or inside one of them, as "optimizer.clip_norm" is inside "optimizer".
bool IsAllowed(const std::string& field, const std::vector<std::string>& allowed);

// OK if a run of `job` that goes on from a checkpoint of `saved` computes the bits of an undisturbed run: split,
// stages, schedule, reports and the like may differ; any other field may not, unless it is `allowed`. Whether the
// schedule has replicas and whether data.text has the same contents is for the caller to check. Errors: InvalidArgument
// that names each field with both values; or an entry of `allowed` that is no field of a job, or is a field that the
// state depends on.
absl::Status CheckJobGoesOn(const proto::Job& saved, const proto::Job& job, const std::vector<std::string>& allowed);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_JOB_CHANGES_H_
