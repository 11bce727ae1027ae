// How a run goes on from a checkpoint: which one, and whether the job may. Used by the trainer.
//
//   BATON_ASSIGN_OR_RETURN(const auto checkpoint, FindCheckpoint(request, folder, log));     // null: from the start
//   BATON_RETURN_IF_ERROR(CheckJob(*checkpoint, job, request));           // before anything takes long
//   … make the session …
//   BATON_RETURN_IF_ERROR(CheckSession(*checkpoint, about, request, log));
//   BATON_RETURN_IF_ERROR(session.Restore(*checkpoint));
#ifndef BATON_RUNTIME_TRAIN_RESUME_H_
#define BATON_RUNTIME_TRAIN_RESUME_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/checkpoint.pb.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/checkpoint.h"

namespace baton {

inline constexpr char kNewest[] = "newest";

struct ResumeRequest {
  std::string from;                          // a checkpoint's folder, or kNewest; empty: begin at the start
  std::vector<std::string> allowed_changes;  // fields of the job
};

using LogLine = std::function<void(const std::string&)>;

// The checkpoint to go on from, every byte of which is right. kNewest: the newest sound one in `folder`, the run's
// `checkpoints`; those that are damaged are logged; null if there is none. Errors: InvalidArgument if the one that is
// named is damaged, or if the newest has a newer format.
absl::StatusOr<std::unique_ptr<Checkpoint>> FindCheckpoint(const ResumeRequest& request, const std::string& folder,
                                                           const LogLine& log);

// Errors: InvalidArgument that names the checkpoint and each field that must not differ (see CheckJobGoesOn).
absl::Status CheckJob(const Checkpoint& checkpoint, const proto::Job& job, const ResumeRequest& request);

// Compares what only a session knows: the data and the replicas; logs another platform. `about`: of the session.
// Errors: InvalidArgument as CheckJob.
absl::Status CheckSession(const Checkpoint& checkpoint, const proto::CheckpointManifest& about,
                          const ResumeRequest& request, const LogLine& log);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_RESUME_H_
