// Reads the file and hands its text to schedules/order.
#include "runtime/job/order_file.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/read_file.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<CsvOrder> ReadOrderFile(const std::string& path, OrderLetters letters) {
  // One byte beyond the limit suffices for ReadCsv to report a file that is too large.
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("order file", path, kMaxCsvBytes + 1));
  return ReadCsv(text, NameOfFile(path), letters);
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
