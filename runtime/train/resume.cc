// Tries checkpoints from the newest on.
#include "runtime/train/resume.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/job/job_changes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

absl::StatusOr<std::unique_ptr<Checkpoint>> OpenSound(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Checkpoint> checkpoint, Checkpoint::Open(path));
  BATON_RETURN_IF_ERROR(checkpoint->Verify());
  return checkpoint;
}

absl::Status Refuse(const std::string& why) { return absl::InvalidArgumentError(absl::StrCat("--resume: ", why)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Checkpoint>> FindCheckpoint(const ResumeRequest& request, const std::string& folder,
                                                           const LogLine& log) {
  if (request.from != kNewest) {
    absl::StatusOr<std::unique_ptr<Checkpoint>> checkpoint = OpenSound(request.from);
    if (!checkpoint.ok()) return Refuse(std::string(checkpoint.status().message()));
    return checkpoint;
  }
  std::vector<ListedCheckpoint> all = ListCheckpoints(folder);
  for (; !all.empty(); all.pop_back()) {
    absl::StatusOr<std::unique_ptr<Checkpoint>> checkpoint = OpenSound(all.back().path);
    if (checkpoint.ok()) return checkpoint;
    // A newer baton may have trained for days.
    if (absl::IsUnimplemented(checkpoint.status())) return Refuse(std::string(checkpoint.status().message()));
    log(absl::StrCat("checkpoint ", all.back().path, " is not sound: ", checkpoint.status().message()));
  }
  log(absl::StrCat("no sound checkpoint in ", folder, ": training begins at step 1"));
  return std::unique_ptr<Checkpoint>();
}

absl::Status CheckJob(const Checkpoint& checkpoint, const proto::Job& job, const ResumeRequest& request) {
  const proto::CheckpointManifest& manifest = checkpoint.manifest();
  const absl::Status status = CheckJobGoesOn(manifest.job(), job, request.allowed_changes);
  if (!status.ok()) return Refuse(absl::StrCat("to go on from ", checkpoint.folder(), ", ", status.message()));
  if (job.run().steps() >= manifest.step()) return absl::OkStatus();
  return Refuse(absl::StrCat("run.steps: ", job.run().steps(), " is less than the ", manifest.step(), " steps of ",
                             checkpoint.folder()));
}

absl::Status CheckSession(const Checkpoint& checkpoint, const proto::CheckpointManifest& about,
                          const ResumeRequest& request, const LogLine& log) {
  const proto::CheckpointManifest& saved = checkpoint.manifest();
  const std::string data = absl::StrCat("data.", DataSourceOf(about.job().data()));
  if (saved.data_hash() != about.data_hash() && !IsAllowed(data, request.allowed_changes)) {
    return Refuse(absl::StrCat("to go on from ", checkpoint.folder(), ", ", data,
                               " must have the contents of then (or --allow-change=", data, ")"));
  }
  // Two replicas add the gradients of a batch in another order than one.
  const std::string schedule = about.job().pipeline().schedule(), then = saved.job().pipeline().schedule();
  const bool adds_otherwise = saved.replicas() != about.replicas() || (about.replicas() > 1 && schedule != then);
  if (adds_otherwise && !IsAllowed("pipeline.schedule", request.allowed_changes)) {
    return Refuse(absl::StrCat("to go on from ", checkpoint.folder(), ", pipeline.schedule: \"", schedule,
                               "\" must be \"", then, "\", since it has ", about.replicas(),
                               " replicas of each chunk, not ", saved.replicas(),
                               " (or --allow-change=pipeline.schedule)"));
  }
  if (saved.platform() != about.platform()) {
    log(absl::StrCat("note: the checkpoint was made with ", saved.platform(), ", this run has ", about.platform(),
                     ": bits may differ from those of a run that was never stopped"));
  }
  return absl::OkStatus();
}

}  // namespace baton
