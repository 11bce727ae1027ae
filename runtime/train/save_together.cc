// Rank 0's manifest is the sum of what all describe.
#include "runtime/train/save_together.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/train/shared_numbers.h"

namespace baton {
namespace {

// As "parameters-rank-2.safetensors".
std::string NameOfRank(const std::string& name, int rank) {
  const size_t dot = name.rfind('.');
  return absl::StrCat(name.substr(0, dot), "-rank-", rank, name.substr(dot));
}

absl::Status NameProcess(const Control& control, const absl::Status& status) {
  if (status.ok() || control.rank() == 0) return status;
  return absl::Status(status.code(), absl::StrCat("rank ", control.rank(), " (",
                                                  control.members()[control.rank()].host(), "): ", status.message()));
}

// Rank 0's status, in all processes.
absl::Status TellAll(Control& control, const absl::Status& status) {
  BATON_ASSIGN_OR_RETURN(const std::string told, control.Broadcast(PrintSharedStatus(status), kCheckpointChannel));
  return control.rank() == 0 ? status : ParseSharedStatus(told);
}

absl::Status Commit(Control& control, const std::string& folder, proto::CheckpointManifest manifest,
                    const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    proto::CheckpointManifest described;
    if (!described.ParseFromString(part)) return absl::InternalError("a process sent a manifest that cannot be read");
    manifest.MergeFrom(described);
  }
  return CommitCheckpoint(folder, std::move(manifest));
}

}  // namespace

absl::Status SaveTogether(Control& control, const std::string& folder, const proto::CheckpointManifest& about,
                          std::vector<FileToWrite> files, const absl::Status& here) {
  if (control.size() == 1) return here.ok() ? WriteCheckpoint(folder, about, files) : here;
  const int64_t step = about.step();
  const bool leads = control.rank() == 0;
  BATON_RETURN_IF_ERROR(TellAll(control, leads ? BeginCheckpoint(folder, step) : absl::OkStatus()));
  for (FileToWrite& file : files) file.name = NameOfRank(file.name, control.rank());
  proto::CheckpointManifest described;
  absl::Status written = here;
  if (written.ok()) written = WriteCheckpointFiles(folder, step, files, described);
  written = ShareStatus(control, NameProcess(control, written), kCheckpointChannel);
  if (written.ok()) {
    BATON_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                           control.Gather(described.SerializeAsString(), kCheckpointChannel));
    written = TellAll(control, leads ? Commit(control, folder, about, parts) : absl::OkStatus());
  }
  if (!written.ok() && leads) DropCheckpoint(folder, step);
  return written;
}

}  // namespace baton
