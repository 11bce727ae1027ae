// Finds the last line to keep, copies what follows, then truncates.
#include "runtime/train/metrics_tail.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/durable_file.h"
#include "base/failpoint.h"
#include "base/status.h"

namespace baton {
namespace {

// The step of a line, or -1.
int64_t StepOf(const std::string& line) {
  const nlohmann::json parsed = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return -1;
  const auto step = parsed.find("step");
  return step != parsed.end() && step->is_number_integer() ? step->get<int64_t>() : -1;
}

absl::Status PathError(const std::string& path) {
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat(path, ": cannot be written"));
}

}  // namespace

absl::StatusOr<int64_t> CutMetrics(const std::string& path, int64_t step, const std::string& discarded) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return 0;
  int64_t last = 0;
  std::streamoff kept = 0;
  std::string line;
  while (std::getline(file, line) && !file.eof()) {  // a line that the end of the file cuts is not kept
    const int64_t next = StepOf(line);
    if (next <= last || next > step) break;
    last = next;
    kept += static_cast<std::streamoff>(line.size()) + 1;
  }
  file.clear();
  file.seekg(0, std::ios::end);
  if (file.tellg() == kept) return last;
  file.seekg(kept);
  errno = 0;
  std::ofstream tail(discarded, std::ios::binary | std::ios::app);
  tail << file.rdbuf();
  tail.close();
  if (!tail) return PathError(discarded);
  BATON_RETURN_IF_ERROR(SyncFile(discarded));
  BATON_RETURN_IF_ERROR(Failpoint("metrics.cut"));
  if (truncate(path.c_str(), static_cast<off_t>(kept)) != 0) return PathError(path);
  BATON_RETURN_IF_ERROR(SyncFile(path));
  return last;
}

}  // namespace baton
