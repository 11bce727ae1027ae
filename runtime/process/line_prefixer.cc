#include "runtime/process/line_prefixer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace baton {

std::string LinePrefixer::Add(absl::string_view bytes) {
  std::string lines;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const size_t take = std::min(std::min(end, bytes.size()), kLongestLine - rest_.size());
    absl::StrAppend(&rest_, bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (take == end) {
      bytes.remove_prefix(1);
      absl::StrAppend(&lines, prefix_, rest_, "\n");
      rest_.clear();
    } else if (rest_.size() == kLongestLine) {
      lines += Finish();
    }
  }
  return lines;
}

std::string LinePrefixer::Finish() {
  if (rest_.empty()) return "";
  const std::string line = absl::StrCat(prefix_, rest_, "\n");
  rest_.clear();
  return line;
}

}  // namespace baton
