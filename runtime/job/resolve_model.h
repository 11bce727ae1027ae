// The model's part of ResolveJob.
#ifndef BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
#define BATON_RUNTIME_JOB_RESOLVE_MODEL_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills `model`'s defaults and checks it; also that its tensors keep their limits with `micro_batch` sequences at once.
// Errors: InvalidArgument.
absl::Status ResolveModel(int64_t micro_batch, proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_MODEL_H_
