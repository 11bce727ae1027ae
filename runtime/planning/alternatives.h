// A job with some fields changed, planned and compiled: what it needs and how long its step takes. Used by
// memory_advice.cc.
#ifndef BATON_RUNTIME_PLANNING_ALTERNATIVES_H_
#define BATON_RUNTIME_PLANNING_ALTERNATIVES_H_

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_programs.h"
#include "runtime/planning/plan_job.h"

namespace baton {

struct Alternative {
  std::string overrides;  // the changes, separated by spaces
  int fullest = 0;        // the device that needs the most
  Bytes bytes = 0;        // what that device needs
  Nanos step_time = 0;    // predicted
  JobPlan plan;
  JobPrograms programs;
};

// `num_processes`: as for CompileJob. `overrides`: as ApplyOverride takes them; none for the job as it is. Nothing is
// returned if the changed job is invalid or cannot be compiled.
std::optional<Alternative> CompileAlternative(const Backend& backend, const proto::Job& job, int num_processes,
                                              const std::vector<std::string>& overrides);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_ALTERNATIVES_H_
