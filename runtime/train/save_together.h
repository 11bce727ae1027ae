// One checkpoint written by all processes of a run, each its own part, at the same time. Used by checkpointer.h.
//
//   rank 0   begin ─▶ told to all ─▶ write files ─▶ descriptions come in ─▶ commit, prune ─▶ told to all
//   others            wait           write files ─▶ sent                                     wait
#ifndef BATON_RUNTIME_TRAIN_SAVE_TOGETHER_H_
#define BATON_RUNTIME_TRAIN_SAVE_TOGETHER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/checkpoint.pb.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/process/control.h"

namespace baton {

// All processes call it with the same folder and step, by kCheckpointChannel. `files`: the tensors of this process;
// their names get its rank if there are several processes. `here`: an error of this process that makes the save fail.
// Returns the same in all processes: OK once the checkpoint is on disk as a whole, or the error of the lowest rank that
// has one, with that process's name. Errors: those of WriteCheckpoint; those of the control plane.
absl::Status SaveTogether(Control& control, const std::string& folder, const proto::CheckpointManifest& about,
                          std::vector<FileToWrite> files, const absl::Status& here);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_SAVE_TOGETHER_H_
