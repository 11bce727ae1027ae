#include "runtime/train/job/order_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<CsvOrder> ReadOrderFile(const std::string& path) {
  const auto unreadable = [&path] {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read order file ", path, ": ", std::strerror(errno == 0 ? EIO : errno)));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable();
  std::string text;
  char block[1 << 16];
  // ReadCsv says what is too large; one block beyond its limit is enough for that.
  while (text.size() <= kMaxCsvBytes && (file.read(block, sizeof(block)) || file.gcount() > 0)) {
    text.append(block, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return unreadable();
  return ReadCsv(text, path);
}

std::string OrderOverride(const std::string& path) {
  return absl::StrCat("pipeline.order=\"", absl::CEscape(path), "\"");
}

absl::StatusOr<std::shared_ptr<const ComputeOrder>> OrderOfJob(const proto::Job& job) {
  if (!job.pipeline().has_order()) return nullptr;
  BATON_ASSIGN_OR_RETURN(CsvOrder csv, ReadOrderFile(job.pipeline().order()));
  return std::make_shared<const ComputeOrder>(std::move(csv.order));
}

}  // namespace baton
