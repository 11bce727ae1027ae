// How a run goes on from a checkpoint: which one, and whether the job may. Used by the trainer.
//
//   const auto restore = [&](const Checkpoint& checkpoint) -> absl::Status {
//     BATON_RETURN_IF_ERROR(CheckJob(checkpoint, job, request));           // before anything takes long
//     … make the session, once …
//     BATON_RETURN_IF_ERROR(CheckSession(checkpoint, about, request, log));
//     return session.Restore(checkpoint);
//   };
//   BATON_ASSIGN_OR_RETURN(const auto restored, RestoreSound(control, request, folder, restore, log));  // null: none
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
#include "runtime/process/control.h"

namespace baton {

inline constexpr char kNewest[] = "newest";

struct ResumeRequest {
  std::string from;                          // a checkpoint's folder, or kNewest; empty: begin at the start
  std::vector<std::string> allowed_changes;  // fields of the job
};

using LogLine = std::function<void(const std::string&)>;

// Calls `restore` for the checkpoint that `request` names, or, for kNewest, for those in `folder`, the run's
// `checkpoints`, from the newest on until one is sound. `restore` reads every tensor once, which checks its hash; it
// returns DataLoss for a checkpoint that is damaged, whose tensors may have been restored in part. Damaged checkpoints
// are logged. Returns the one that was restored; null if none was. All processes of the run call it at the same time;
// rank 0 lists the folder, `restore` must return the same in all, and all restore the same checkpoint. Errors:
// InvalidArgument if the one that is named is damaged, or if the newest has a newer format; other errors of `restore`.
absl::StatusOr<std::unique_ptr<Checkpoint>> RestoreSound(Control& control, const ResumeRequest& request,
                                                         const std::string& folder,
                                                         const std::function<absl::Status(const Checkpoint&)>& restore,
                                                         const LogLine& log);

// Errors: InvalidArgument that names the checkpoint and each field that must not differ (see CheckJobGoesOn).
absl::Status CheckJob(const Checkpoint& checkpoint, const proto::Job& job, const ResumeRequest& request);

// Compares what only a session knows: the data and the replicas; logs another platform. `about`: of the session.
// Errors: InvalidArgument as CheckJob.
absl::Status CheckSession(const Checkpoint& checkpoint, const proto::CheckpointManifest& about,
                          const ResumeRequest& request, const LogLine& log);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_RESUME_H_
