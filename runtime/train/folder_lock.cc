// flock on an open file. The owner removes the file while it has the lock; whoever opened it before then locks a file
// that no longer has the name, sees that, and opens it again.
#include "runtime/train/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

std::string ThisProcess() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat("process ", getpid(), " on host ", host);
}

// True if `path` still names the open file.
bool IsNamed(const std::string& path, int descriptor) {
  struct stat named, open_file;
  return stat(path.c_str(), &named) == 0 && fstat(descriptor, &open_file) == 0 && named.st_ino == open_file.st_ino &&
         named.st_dev == open_file.st_dev;
}

std::string OwnerIn(int descriptor) {
  char text[512];
  const ssize_t bytes = pread(descriptor, text, sizeof(text), 0);
  const std::string owner(text, bytes > 0 ? static_cast<size_t>(bytes) : 0);
  return owner.empty() ? "another process" : std::string(absl::StripSuffix(owner, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& folder) {
  const std::string path = folder + "/.lock";
  while (true) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return absl::ErrnoToStatus(errno, path);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int error_number = errno;
      const std::string owner = OwnerIn(descriptor);
      close(descriptor);
      if (error_number == EINTR) continue;
      if (error_number != EWOULDBLOCK) return absl::ErrnoToStatus(error_number, path);
      return absl::FailedPreconditionError(absl::StrCat(folder, " is in use by ", owner));
    }
    std::unique_ptr<FolderLock> lock(new FolderLock(path, descriptor));
    if (!IsNamed(path, descriptor)) continue;
    const std::string owner = ThisProcess() + "\n";
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, owner.data(), owner.size(), 0) < 0) {
      return absl::ErrnoToStatus(errno, path);
    }
    return lock;
  }
}

FolderLock::~FolderLock() {
  if (IsNamed(path_, descriptor_)) unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace baton
