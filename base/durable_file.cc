// Plain system calls, since the order of write, fsync, rename and the folder's fsync is the whole point.
#include "base/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status.h"

namespace baton {
namespace {

// Bytes of one write call at most, so that failures can be injected within a large file.
constexpr size_t kMostBytesAWrite = size_t{1} << 20;

std::string ResolveLinks(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;  // there is no such file yet
  std::string result = resolved;
  std::free(resolved);
  return result;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A file behind /dev or /proc may be one that another program holds open, as a redirected /dev/stdout.
bool IsWrittenInPlace(const std::string& path, const struct stat& about) {
  return !S_ISREG(about.st_mode) || absl::StartsWith(path, "/dev/") || absl::StartsWith(path, "/proc/");
}

absl::Status PathError(int error_number, const std::string& path) {
  return absl::ErrnoToStatus(error_number, absl::StrCat(path, ": cannot be written"));
}

absl::Status OpenError(int error_number, const std::string& path) {
  return absl::ErrnoToStatus(error_number, absl::StrCat(path, ": cannot be opened"));
}

absl::Status WithPath(const absl::Status& status, const std::string& path) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(path, ": cannot be written: ", status.message()));
}

}  // namespace

DurableFile::DurableFile(std::string path, std::string written, int descriptor)
    : path_(std::move(path)), written_(std::move(written)), descriptor_(descriptor) {}

absl::StatusOr<std::unique_ptr<DurableFile>> DurableFile::Create(const std::string& path) {
  BATON_RETURN_IF_ERROR(WithPath(Failpoint("file.open"), path));
  struct stat about;
  const bool exists = stat(path.c_str(), &about) == 0;
  if (exists && S_ISDIR(about.st_mode)) return OpenError(EISDIR, path);
  if (exists && access(path.c_str(), W_OK) != 0) return OpenError(errno, path);
  const bool in_place = exists && IsWrittenInPlace(path, about);
  std::string resolved = in_place ? path : ResolveLinks(path);
  std::string written = in_place ? path : resolved + ".partial";
  const int descriptor = open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return OpenError(errno, path);
  std::unique_ptr<DurableFile> file(new DurableFile(std::move(resolved), std::move(written), descriptor));
  if (exists && !in_place && fchmod(descriptor, about.st_mode & 07777) != 0) return PathError(errno, path);
  return file;
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!committed_ && written_ != path_) unlink(written_.c_str());
}

absl::Status DurableFile::Error(int error_number) const { return PathError(error_number, path_); }

absl::Status DurableFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    BATON_RETURN_IF_ERROR(WithPath(Failpoint("file.write"), path_));
    const ssize_t written = write(descriptor_, bytes.data(), std::min(bytes.size(), kMostBytesAWrite));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Error(written == 0 ? EIO : errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status DurableFile::Commit() {
  const bool in_place = written_ == path_;
  BATON_RETURN_IF_ERROR(WithPath(Failpoint("file.fsync"), path_));
  // Pipes and terminals cannot be synced.
  if (!in_place && fsync(descriptor_) != 0) return Error(errno);
  const int descriptor = std::exchange(descriptor_, -1);
  if (close(descriptor) != 0) return Error(errno);
  if (in_place) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(WithPath(Failpoint("file.rename"), path_));
  if (std::rename(written_.c_str(), path_.c_str()) != 0) return Error(errno);
  committed_ = true;
  return SyncFolder(FolderOf(path_));
}

absl::Status SyncFile(const std::string& path) {
  BATON_RETURN_IF_ERROR(WithPath(Failpoint("file.fsync"), path));
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return PathError(errno, path);
  const bool synced = fsync(descriptor) == 0;
  const int error_number = errno;
  close(descriptor);
  return synced ? absl::OkStatus() : PathError(error_number, path);
}

absl::Status SyncFolder(const std::string& path) {
  BATON_RETURN_IF_ERROR(WithPath(Failpoint("folder.fsync"), path));
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return PathError(errno, path);
  const bool synced = fsync(descriptor) == 0;
  const int error_number = errno;
  close(descriptor);
  // Some file systems cannot sync a folder; their renames are as durable as they get.
  if (!synced && error_number != EINVAL && error_number != ENOTSUP) return PathError(error_number, path);
  return absl::OkStatus();
}

}  // namespace baton
