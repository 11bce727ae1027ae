// The model's part of ResolveJob.
#ifndef BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
#define BATON_RUNTIME_JOB_RESOLVE_MODEL_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `model` and checks it, including the sizes of its tensors for `micro_batch` sequences at once.
// Errors: InvalidArgument.
absl::Status ResolveModel(int64_t micro_batch, proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
