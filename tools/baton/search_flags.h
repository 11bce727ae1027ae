// How much a device may hold, and how zb-auto is searched for: the flags of every command that compiles, their options,
// and what is said of a search. Used by problem.cc and the commands.
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
  std::vector<double> limit_micro_batches;
  std::vector<Bytes> limit_bytes;
  std::optional<double> weight_fraction;
  std::string objective;
  std::string placement;
  std::optional<double> seconds;
  std::optional<int64_t> moves;
  std::optional<uint64_t> seed;
};

void AddSearchFlags(CLI::App& command, SearchFlags& flags);

// The first flag that only a searched schedule takes, as "--search"; empty if none is given.
std::string FirstOfSearches(const SearchFlags& flags);

// The flags as overrides of a job's fields.
std::vector<std::string> SearchOverrides(const SearchFlags& flags);

// Without a job.
SearchOptions ToSearchOptions(const SearchFlags& flags);

// Progress on standard error, where that is a terminal: one line that is written over.
std::function<void(const SearchProgress&)> ShowProgress();

// How far what a search found is above its bound at most, both of what was made short; 0.004 is 0.4 %.
double GapOf(const Certificate& certificate, const StepReport& report);

// As "searched: step 1.31 s, at most 0.2 % above the shortest that is possible (1.31 s); from zb-h1 by 900 moves".
std::string DescribeSearch(const Certificate& certificate, const StepReport& report);

// Sets the bound's fields of a row or report of proto/report.proto.
template <typename Message>
void FillCertificate(const Certificate& certificate, const StepReport& report, Message& message) {
  message.set_lower_bound_us(static_cast<double>(certificate.lower_bound_ns) / 1000.0);
  message.set_gap(GapOf(certificate, report));
}

}  // namespace baton

#endif  // BATON_TOOLS_BATON_SEARCH_FLAGS_H_
