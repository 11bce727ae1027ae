// The model's part of ResolveJob.
#ifndef BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
#define BATON_RUNTIME_JOB_RESOLVE_MODEL_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `model`, which is that of `job`, and checks it, including the sizes of its tensors for a
// micro-batch. job.batch is resolved. Errors: InvalidArgument.
absl::Status ResolveModel(const proto::Job& job, proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
