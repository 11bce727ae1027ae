// Fuzzes jobs with overrides: a job that resolves is printed as the text of a job that resolves to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"

// The job file, then one override behind each "\n--set ".
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  bool is_job = true;
  baton::proto::Job job;
  for (const absl::string_view part : absl::StrSplit(text, "\n--set ")) {
    if (std::exchange(is_job, false)) {
      auto parsed = baton::ParseJob(part, "fuzz.textproto");
      if (!parsed.ok()) return 0;
      job = *std::move(parsed);
    } else if (!baton::ApplyOverride(job, part).ok()) {
      return 0;
    }
  }
  const auto resolved = baton::ResolveJob(std::move(job));
  if (!resolved.ok()) return 0;
  std::string printed;
  google::protobuf::TextFormat::PrintToString(*resolved, &printed);
  auto again = baton::ParseJob(printed, "printed.textproto");
  if (!again.ok()) std::abort();
  const auto resolved_again = baton::ResolveJob(*std::move(again));
  if (!resolved_again.ok()) std::abort();
  std::string printed_again;
  google::protobuf::TextFormat::PrintToString(*resolved_again, &printed_again);
  if (printed_again != printed) std::abort();
  return 0;
}
