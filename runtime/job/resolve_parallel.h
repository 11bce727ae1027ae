// The part of ResolveJob for copies of the pipeline, and the order in which gradients are summed. Used by resolve.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_PARALLEL_H_
#define BATON_RUNTIME_JOB_RESOLVE_PARALLEL_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `parallel` and of batch.sum_groups, and checks both. The rest of `batch` must be resolved.
// Errors: InvalidArgument.
absl::Status ResolveParallel(proto::Batch& batch, proto::Parallel& parallel);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_PARALLEL_H_
