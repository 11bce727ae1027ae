// Writes with stdio, and checks the close too; see write_file.h.
#include "base/write_file.h"

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace baton {

absl::Status WriteFile(const std::string& path, absl::string_view contents) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be opened"));
  const bool written = std::fwrite(contents.data(), 1, contents.size(), file) == contents.size();
  const int write_error = errno;
  // fclose writes the buffer, so a full disk may show only here.
  if (std::fclose(file) != 0 || !written) {
    return absl::ErrnoToStatus(written ? errno : write_error, absl::StrCat(path, ": cannot be written"));
  }
  return absl::OkStatus();
}

}  // namespace baton
