// The files of a data set: patterns of names, and files as memory. Used by the data sets that read files.
#ifndef BATON_RUNTIME_DATA_FILES_H_
#define BATON_RUNTIME_DATA_FILES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace baton {

// The regular files that a shell pattern matches, sorted by name as bytes. A file with several names (symbolic or hard
// links) is taken once, by its first name, so that held-out data is never trained on under another name. `field` is the
// job's field that holds the pattern, as "data.text".
// Errors: InvalidArgument that names the field if no file matches; PermissionDenied and the like with the path.
absl::StatusOr<std::vector<std::string>> ExpandPattern(absl::string_view field, const std::string& pattern);

// A file mapped into memory for reading: the system reads a page when it is used, and may forget it again, so that a
// file may be larger than memory. The file must not be made shorter meanwhile; the process would be killed.
class MappedFile {
 public:
  // Errors: those of the system with field and path; InvalidArgument for what is no regular file.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(absl::string_view field, const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  absl::Span<const std::byte> bytes() const { return bytes_; }

 private:
  MappedFile(std::string path, absl::Span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}

  const std::string path_;
  const absl::Span<const std::byte> bytes_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_FILES_H_
