// Patterns by glob, files by mmap.
#include "runtime/data/files.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

absl::StatusOr<std::vector<std::string>> ExpandPattern(absl::string_view field, const std::string& pattern) {
  if (pattern.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": a pattern must not contain a zero byte"));
  }
  glob_t found = {};
  const int result = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> names;
  if (result == 0) names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (result == GLOB_NOSPACE) {
    return absl::ResourceExhaustedError(absl::StrCat(field, ": out of memory expanding the pattern"));
  }
  // By bytes: the order must not depend on the locale.
  std::sort(names.begin(), names.end());

  std::vector<std::string> files;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const std::string& name : names) {
    struct stat about;
    if (stat(name.c_str(), &about) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat(field, ": cannot access ", name));
    }
    if (S_ISREG(about.st_mode) && seen.insert({about.st_dev, about.st_ino}).second) files.push_back(name);
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": \"", pattern, "\" matches no regular file"));
  }
  return files;
}

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(absl::string_view field, const std::string& path) {
  const auto cannot = [&] { return absl::ErrnoToStatus(errno, absl::StrCat(field, ": cannot read ", path)); };
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot();
  struct stat about;
  if (fstat(descriptor, &about) != 0) {
    const absl::Status status = cannot();
    close(descriptor);
    return status;
  }
  if (!S_ISREG(about.st_mode)) {
    close(descriptor);
    return absl::InvalidArgumentError(absl::StrCat(field, ": ", path, " is no regular file"));
  }
  const size_t size = static_cast<size_t>(about.st_size);
  // An empty file cannot be mapped.
  void* data = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  const absl::Status status = data == MAP_FAILED ? cannot() : absl::OkStatus();
  close(descriptor);
  if (!status.ok()) return status;
  return std::unique_ptr<MappedFile>(
      new MappedFile(path, absl::MakeConstSpan(static_cast<const std::byte*>(data), size)));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace baton
