// The pipeline part of ResolveJob. Used by resolve.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_PIPELINE_H_
#define BATON_RUNTIME_JOB_RESOLVE_PIPELINE_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `pipeline` and checks it against the model, which must be resolved. Afterwards
// chunks_per_device is set, and either split.balanced or split.layers. Errors: InvalidArgument.
absl::Status ResolvePipeline(const proto::Job& job, proto::Pipeline& pipeline);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_PIPELINE_H_
