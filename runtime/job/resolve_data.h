// The data part of ResolveJob. Used by resolve.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_DATA_H_
#define BATON_RUNTIME_JOB_RESOLVE_DATA_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `data` and checks it against the model, which must be resolved. Errors: InvalidArgument.
absl::Status ResolveData(const proto::Job& job, proto::Data& data);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_DATA_H_
