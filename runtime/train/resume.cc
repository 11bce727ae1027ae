// Tries checkpoints from the newest on.
#include "runtime/train/resume.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/job/job_changes.h"
#include "runtime/job/resolve.h"
#include "runtime/process/agreed.h"
#include "runtime/train/shared_numbers.h"

namespace baton {
namespace {

constexpr char kSeparator = '\0';  // between paths, which cannot have it

// All processes of a run find the same reasons.
absl::Status Refuse(const std::string& why) {
  return AgreedByAll(absl::InvalidArgumentError(absl::StrCat("--resume: ", why)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Checkpoint>> RestoreSound(Control& control, const ResumeRequest& request,
                                                         const std::string& folder,
                                                         const std::function<absl::Status(const Checkpoint&)>& restore,
                                                         const LogLine& log) {
  const bool newest = request.from == kNewest;
  std::vector<std::string> paths;  // the newest last
  if (newest) {
    for (const ListedCheckpoint& listed : ListCheckpoints(folder)) paths.push_back(listed.path);
  } else {
    paths.push_back(request.from);
  }
  // The other processes may have been started in other folders.
  for (std::string& path : paths) {
    if (control.size() > 1) path = std::filesystem::absolute(path).string();
  }
  BATON_ASSIGN_OR_RETURN(const std::string listed, control.Broadcast(absl::StrJoin(paths, std::string(1, kSeparator))));
  paths = absl::StrSplit(listed, kSeparator, absl::SkipEmpty());
  for (; !paths.empty(); paths.pop_back()) {
    absl::StatusOr<std::unique_ptr<Checkpoint>> checkpoint = Checkpoint::Open(paths.back());
    absl::Status unsound = ShareStatus(control, checkpoint.status());
    if (unsound.ok()) {
      const absl::Status restored = restore(**checkpoint);
      if (restored.ok()) return checkpoint;
      if (!absl::IsDataLoss(restored)) return restored;
      unsound = restored;
    }
    // A newer baton, which writes a newer format, may have trained for days.
    if (!newest || absl::IsUnimplemented(unsound)) return Refuse(std::string(unsound.message()));
    log(absl::StrCat("checkpoint ", paths.back(), " is not sound: ", unsound.message()));
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
