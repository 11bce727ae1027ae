// Numbers as their bytes: all processes are of one build.
#include "runtime/train/shared_numbers.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/raw_bytes.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<std::vector<double>> ShareLosses(Control& control, const Program& program,
                                                const std::vector<int>& rank_of_device, const std::vector<double>& here,
                                                KnownTo known_to) {
  const std::string bytes = ToRawBytes(here);
  std::vector<std::string> all;
  if (known_to == KnownTo::kAll) {
    BATON_ASSIGN_OR_RETURN(all, control.Exchange(bytes));
  } else {
    BATON_ASSIGN_OR_RETURN(all, control.Gather(bytes));
  }
  std::vector<double> sums;
  if (all.empty()) return sums;
  std::vector<std::vector<double>> losses;  // [rank]
  for (const std::string& each : all) losses.push_back(FromRawBytes<double>(each));
  std::vector<size_t> next(losses.size(), 0);
  const auto is_left = [&](size_t rank) { return next[rank] < losses[rank].size(); };
  while (true) {
    bool any = false;
    for (size_t rank = 0; rank < losses.size(); ++rank) any = any || is_left(rank);
    if (!any) return sums;
    double sum = 0;
    for (int micro_batch = 0; micro_batch < program.num_micro_batches; ++micro_batch) {
      const int rank = rank_of_device[program.DeviceOf(program.num_chunks - 1, micro_batch)];
      if (!is_left(rank)) return absl::InternalError(absl::StrCat("rank ", rank, " sent too few losses"));
      sum += losses[rank][next[rank]++];
    }
    sums.push_back(sum);
  }
}

absl::StatusOr<bool> ShareAny(Control& control, bool here) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all, control.Exchange(here ? "1" : "0"));
  return std::find(all.begin(), all.end(), "1") != all.end();
}

absl::StatusOr<NonfiniteOrigin> ShareOrigin(Control& control, const NonfiniteOrigin& here) {
  const std::vector<int32_t> numbers = {here.loss_micro_batch, here.micro_batch, here.chunk};
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all, control.Gather(ToRawBytes(numbers)));
  NonfiniteOrigin first = here;
  for (const std::string& each : all) {
    const std::vector<int32_t> found = FromRawBytes<int32_t>(each);
    if (found.size() != numbers.size()) return absl::InternalError("a process sent no origin");
    NonfiniteOrigin origin;
    origin.loss_micro_batch = found[0];
    origin.micro_batch = found[1];
    origin.chunk = found[2];
    first = FirstOf(first, origin);
  }
  return first;
}

absl::Status CheckSame(Control& control, const std::string& what, const std::string& hash) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> hashes, control.Exchange(hash));
  for (int rank = 1; rank < control.size(); ++rank) {
    if (hashes[rank] == hashes[0]) continue;
    return absl::InvalidArgumentError(absl::StrCat(what, ": rank ", rank, " (", control.members()[rank].host(),
                                                   ") has other contents there than rank 0 (",
                                                   control.members()[0].host(), ")"));
  }
  return absl::OkStatus();
}

std::string PrintSharedStatus(const absl::Status& status) {
  return status.ok() ? "" : absl::StrCat(static_cast<int>(status.code()), " ", status.message());
}

absl::Status ParseSharedStatus(const std::string& bytes) {
  if (bytes.empty()) return absl::OkStatus();
  const size_t space = bytes.find(' ');
  return absl::Status(static_cast<absl::StatusCode>(std::atoi(bytes.c_str())), bytes.substr(space + 1));
}

absl::Status ShareStatus(Control& control, const absl::Status& here, ControlChannel channel) {
  if (control.size() == 1) return here;
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all, control.Exchange(PrintSharedStatus(here), channel));
  for (const std::string& each : all) BATON_RETURN_IF_ERROR(ParseSharedStatus(each));
  return absl::OkStatus();
}

}  // namespace baton
