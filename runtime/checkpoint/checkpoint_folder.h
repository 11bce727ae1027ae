// The folder `checkpoints` of a run: which checkpoints are there, and which go. Used by runtime/train and by
// `baton checkpoint`.
//
//   checkpoints/step-000050/             whole: it has been renamed after everything was on disk
//   checkpoints/step-000100.partial/     being written, or left by a process that ended meanwhile
#ifndef BATON_RUNTIME_CHECKPOINT_CHECKPOINT_FOLDER_H_
#define BATON_RUNTIME_CHECKPOINT_CHECKPOINT_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace baton {

// As "step-000400".
std::string StepName(int64_t step);

struct ListedCheckpoint {
  int64_t step = 0;
  std::string path;
};

// The folders step-N in `folder`, the oldest step first, sound or not. Empty if there is no such folder.
std::vector<ListedCheckpoint> ListCheckpoints(const std::string& folder);

// Removes a checkpoint: from the first moment on it has no name that ListCheckpoints knows. Errors: those of the
// system, with the path.
absl::Status RemoveCheckpoint(const std::string& path);

// Removes all but the newest `keep` (0: none is removed) and those whose step is a multiple of `keep_every` (0: no
// such).
absl::Status PruneCheckpoints(const std::string& folder, int64_t keep, int64_t keep_every);

// Removes what unfinished saves and removals left. No other process may be writing to `folder`.
absl::Status RemoveUnfinished(const std::string& folder);

// Moves the checkpoints behind `step` to folder `to`, so that a run that goes on from `step` does not mix with what
// came of it before. Returns how many were moved in `moved`. Errors: those of the system, with the path.
absl::Status MoveLaterCheckpoints(const std::string& folder, int64_t step, const std::string& to, int64_t* moved);

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_CHECKPOINT_FOLDER_H_
