// Override, resolve, plan, compile, simulate.
#include "runtime/planning/alternatives.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/device_memory.h"
#include "schedules/simulate/simulate.h"

namespace baton {

std::optional<Alternative> CompileAlternative(const Backend& backend, const proto::Job& job, int num_processes,
                                              const std::vector<std::string>& overrides) {
  proto::Job changed = job;
  for (const std::string& assignment : overrides) {
    if (!ApplyOverride(changed, assignment).ok()) return std::nullopt;
  }
  absl::StatusOr<proto::Job> resolved = ResolveJob(std::move(changed));
  if (!resolved.ok()) return std::nullopt;
  absl::StatusOr<JobPlan> plan = PlanJob(backend, *resolved);
  if (!plan.ok()) return std::nullopt;
  absl::StatusOr<JobPrograms> programs = CompileJob(*resolved, plan->request, num_processes);
  if (!programs.ok()) return std::nullopt;
  absl::StatusOr<Trace> trace = Simulate(programs->training, plan->request.costs);
  if (!trace.ok()) return std::nullopt;
  Alternative alternative;
  alternative.overrides = absl::StrJoin(overrides, " ");
  const MemoryNeed need = FullestMemory(*resolved, *programs);
  alternative.fullest = *std::max_element(need.devices.begin(), need.devices.end(),
                                          [&](int a, int b) { return programs->BytesOf(a) < programs->BytesOf(b); });
  alternative.bytes = need.bytes;
  for (const auto& intervals : trace->devices) {
    for (const Interval& interval : intervals) {
      alternative.step_time = std::max(alternative.step_time, interval.end);
    }
  }
  alternative.plan = *std::move(plan);
  alternative.programs = *std::move(programs);
  return alternative;
}

}  // namespace baton
