// The table of `baton compare`: a row a schedule, the reasons of those that cannot run, and a legend.
#ifndef BATON_TOOLS_BATON_COMPARE_TABLE_H_
#define BATON_TOOLS_BATON_COMPARE_TABLE_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "schedules/analyze/analysis.h"
#include "schedules/program/program.h"
#include "schedules/search/search.h"
#include "schedules/trace/trace.h"

namespace baton {

// One schedule: its report, or the reason why it cannot run here.
struct CompareRow {
  std::string schedule;
  absl::Status status;  // if not OK, the fields below are empty
  StepReport report;
  std::optional<Certificate> certificate;  // set for a searched schedule
  std::optional<Placement> placement;      // set if several were tried
  // Settings with which it would be faster, as "--group=24 here: 1.24 s, 19.5 held"; empty if none are known.
  std::string better_with;
  std::string throughput;  // see Problem::DescribeThroughput
  // Kept for --html alone.
  Program program;
  Trace trace;
};

// Peak number of micro-batches whose activations are live on the fullest device, counted as limits are.
double PeakMicroBatchesOf(const StepReport& report);

// Writes `description`, the table of `rows`, which are in their final order, and the legend.
void PrintCompareTable(const std::string& description, const std::vector<CompareRow>& rows, std::ostream& out);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_COMPARE_TABLE_H_
