// Plan, compile, check.
#include "runtime/planning/prepare_job.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/memory_advice.h"

namespace baton {

absl::StatusOr<PreparedJob> PrepareJob(const Backend& backend, const proto::Job& job, const TransportModel& transport,
                                       int num_processes) {
  PreparedJob prepared;
  BATON_ASSIGN_OR_RETURN(prepared.plan, PlanJob(backend, job));
  prepared.plan.request.transport = transport;
  BATON_ASSIGN_OR_RETURN(prepared.programs, CompileJob(job, prepared.plan.request, num_processes));
  if (const absl::Status fits = CheckDeviceMemory(job, prepared.programs); !fits.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(fits.message(), "; ", DescribeAdvice(AdviseOnMemory(backend, job, num_processes))));
  }
  return prepared;
}

}  // namespace baton
