// The flags for limits of activation memory and for the search of zb-auto, and the words for a search's result. Part of
// ProblemFlags.
#ifndef BATON_TOOLS_BATON_SEARCH_FLAGS_H_
#define BATON_TOOLS_BATON_SEARCH_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "schedules/analyze/analysis.h"
#include "schedules/search/search.h"

namespace baton {

// As typed; empty or unset where not given.
struct SearchFlags {
  std::vector<double> limit_micro_batches;  // one for all devices, or one for each
  std::vector<Bytes> limit_bytes;           // likewise
  std::optional<double> weight_fraction;    // 0 to 1
  std::string objective;
  std::string placement;
  std::optional<double> seconds;  // 0 to 86400
  std::optional<int64_t> moves;
  std::optional<uint64_t> seed;
  bool exact = false;
  std::optional<int64_t> exact_nodes;
};

void AddSearchFlags(CLI::App& command, SearchFlags& flags);

// The first given flag that only a searched schedule accepts, as "--search"; empty if there is none.
std::string FirstSearchFlag(const SearchFlags& flags);

// The flags as overrides of a job's fields.
std::vector<std::string> SearchOverrides(const SearchFlags& flags);

// The options of the flags alone, without a job.
SearchOptions ToSearchOptions(const SearchFlags& flags);

// Shows the progress of one search on standard error, in one line that is overwritten. Null if that is no terminal.
std::function<void(const SearchProgress&)> ShowProgress();

// Upper bound on how far the found order is above the shortest, for the objective of the search; 0.004 is 0.4 %.
double GapOf(const Certificate& certificate, const StepReport& report);

// As "searched: step 1.31 s, at most 0.2 % above the shortest that is possible (1.31 s); from zb-h1 by 900 moves".
std::string DescribeSearch(const Certificate& certificate, const StepReport& report);

// Sets lower_bound_us and gap of a row or report of proto/report.proto.
template <typename Message>
void FillCertificate(const Certificate& certificate, const StepReport& report, Message& message) {
  message.set_lower_bound_us(static_cast<double>(certificate.lower_bound_ns) / 1000.0);
  message.set_gap(GapOf(certificate, report));
}

}  // namespace baton

#endif  // BATON_TOOLS_BATON_SEARCH_FLAGS_H_
