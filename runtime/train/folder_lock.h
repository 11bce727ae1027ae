// One process at a time writes into a run's folder. Used by OutputFolder.
//
//   BATON_ASSIGN_OR_RETURN(std::unique_ptr<FolderLock> lock, FolderLock::Take("runs/gpt"));   // held until destroyed
#ifndef BATON_RUNTIME_TRAIN_FOLDER_LOCK_H_
#define BATON_RUNTIME_TRAIN_FOLDER_LOCK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace baton {

// Locks the file `.lock` in a folder, in which it writes the process and the host. The system drops the lock when the
// process ends, however it ends, so the lock of a dead process is taken over. Thread contract: one thread at a time.
class FolderLock {
 public:
  // `folder` must exist. Errors: FailedPrecondition that names the process that has the lock; what the system says,
  // with the path.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& folder);
  // Removes the file and unlocks.
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  FolderLock(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  const std::string path_;
  const int descriptor_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_FOLDER_LOCK_H_
