// Reads in blocks, since a device or pipe has no size; see read_file.h.
#include "base/read_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace baton {

std::string NameOfFile(const std::string& path) { return path == kStandardInput ? "standard input" : path; }

absl::StatusOr<std::string> ReadFile(absl::string_view what, const std::string& path, size_t most_bytes) {
  const auto unreadable = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", what, " ", NameOfFile(path), ": ", std::strerror(errno == 0 ? EIO : errno)));
  };
  errno = 0;
  std::ifstream file(path == kStandardInput ? "/dev/stdin" : path, std::ios::binary);
  if (!file) return unreadable();
  std::string text;
  char block[1 << 16];
  while (text.size() < most_bytes) {
    file.read(block, static_cast<std::streamsize>(std::min(sizeof(block), most_bytes - text.size())));
    if (file.gcount() == 0) break;
    text.append(block, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return unreadable();
  return text;
}

}  // namespace baton
