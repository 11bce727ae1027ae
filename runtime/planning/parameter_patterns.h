// Which parameters a job trains and decays, by shell patterns of their names. Used by plan_job.cc.
#ifndef BATON_RUNTIME_PLANNING_PARAMETER_PATTERNS_H_
#define BATON_RUNTIME_PLANNING_PARAMETER_PATTERNS_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_model.h"

namespace baton {

// Sets ParameterSpec::frozen by model.freeze, and ParameterSpec::decays by optimizer.adamw.decay if that is set.
// Errors: InvalidArgument that names the field and a pattern which matches no parameter, or says that none is trained.
absl::Status ApplyParameterPatterns(const proto::Job& job, ModelTable& table);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PARAMETER_PATTERNS_H_
