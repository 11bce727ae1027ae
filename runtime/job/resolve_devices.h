// The devices part of ResolveJob. Used by resolve.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_DEVICES_H_
#define BATON_RUNTIME_JOB_RESOLVE_DEVICES_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Fills the defaults of `devices` and checks it. The pipeline of `job` must be resolved. Afterwards nodes and per_node
// are set; with several nodes also intra and inter; for a known device also rates and memory_gib. Errors:
// InvalidArgument.
absl::Status ResolveDevices(const proto::Job& job, proto::Devices& devices);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_DEVICES_H_
