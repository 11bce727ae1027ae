// A file that is complete or not there: written beside itself as PATH.partial, then renamed. Used by everything that
// Baton writes: weights, checkpoints, traces, pictures.
//
//     BATON_ASSIGN_OR_RETURN(std::unique_ptr<DurableFile> file, DurableFile::Create(path));
//     BATON_RETURN_IF_ERROR(file->Append(header));
//     BATON_RETURN_IF_ERROR(file->Append(body));
//     return file->Commit();                       // without it the destructor removes PATH.partial
//
// Until Commit() has renamed the file, `path` names the earlier contents, whatever happens: a crash, a full disk, a
// kill. Each step can be made to fail by base/failpoint.
#ifndef BATON_BASE_DURABLE_FILE_H_
#define BATON_BASE_DURABLE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// Thread contract: one thread at a time. Owns its descriptor and the temporary file.
class DurableFile {
 public:
  // Symbolic links are followed. Anything but a regular file (/dev/stdout, a pipe) is written in place, since it cannot
  // be renamed over. Errors: PermissionDenied if `path` exists and may not be written; what the system says, with the
  // path.
  static absl::StatusOr<std::unique_ptr<DurableFile>> Create(const std::string& path);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  // Errors: ResourceExhausted if the disk is full, or what else the system says, with the path.
  absl::Status Append(absl::string_view bytes);
  // Syncs the contents to the disk, renames the file and syncs its folder. Errors as Append; the earlier file then
  // stays, but for an error of the last sync, after which either may be found once the machine has crashed.
  absl::Status Commit();

 private:
  DurableFile(std::string path, std::string written, int descriptor);
  absl::Status Error(int error_number) const;

  const std::string path_;     // links resolved
  const std::string written_;  // the temporary name, or path_ if it is written in place
  int descriptor_;             // -1 once closed
  bool committed_ = false;
};

// Makes the contents of file `path` last. Errors: what the system says, with the path.
absl::Status SyncFile(const std::string& path);

// Makes what was renamed into or removed from folder `path` last. Errors: what the system says, with the path.
absl::Status SyncFolder(const std::string& path);

}  // namespace baton

#endif  // BATON_BASE_DURABLE_FILE_H_
