// Read, override, resolve.
#include "runtime/job/load.h"

#include "base/status.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"

namespace baton {

absl::StatusOr<proto::Job> LoadJob(const std::string& path, const std::vector<std::string>& overrides) {
  BATON_ASSIGN_OR_RETURN(proto::Job job, ReadJob(path));
  for (const std::string& assignment : overrides) BATON_RETURN_IF_ERROR(ApplyOverride(job, assignment));
  return ResolveJob(std::move(job));
}

}  // namespace baton
