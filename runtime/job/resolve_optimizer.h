// The optimizer part of ResolveJob. Used by resolve.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_OPTIMIZER_H_
#define BATON_RUNTIME_JOB_RESOLVE_OPTIMIZER_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `optimizer` and checks it. Errors: InvalidArgument.
absl::Status ResolveOptimizer(proto::Optimizer& optimizer);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_OPTIMIZER_H_
