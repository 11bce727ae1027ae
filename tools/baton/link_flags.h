// --bandwidth, --per-node, --inter-transfer and --inter-bandwidth: the links of a pipeline without a job; --link-table:
// measured links, with a job or without. Part of ProblemFlags.
#ifndef BATON_TOOLS_BATON_LINK_FLAGS_H_
#define BATON_TOOLS_BATON_LINK_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/costs/link_table.h"

namespace baton {

// As typed.
struct LinkFlags {
  std::string bandwidth;
  std::optional<int> per_node;
  std::string inter_transfer;
  std::string inter_bandwidth;
  std::string table;  // a path
};

void AddLinkFlags(CLI::App& command, LinkFlags& flags, const std::string& group);

// Declares --link-table, which AddLinkFlags does as well.
void AddLinkTableFlag(CLI::App& command, std::string& table);

// Reads the table of a --link-table flag. Errors: InvalidArgument.
absl::StatusOr<LinkTable> ReadLinkTableFile(const std::string& path);

// Sets the links of `costs`, except transfer_ns and those of the table. Errors: InvalidArgument; also for flags that
// the table replaces.
absl::Status ApplyLinkFlags(const LinkFlags& flags, CostModel& costs);

// As "\nlinks as in links.csv: 21.4 µs and 3.71 GB/s within a host, 104 µs and 1.17 GB/s between hosts".
std::string DescribeLinkTable(const LinkTable& table, const std::string& path);

// As "\nlinks of 450 GB/s, between nodes of 8 devices 10.0 µs and 50 GB/s"; empty if bandwidth is unlimited and all
// devices are in one node.
std::string DescribeLinks(const CostModel& costs);

// Errors: InvalidArgument if any of the flags but --link-table is given, as with a job none may be.
absl::Status RefuseLinkFlags(const LinkFlags& flags);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_LINK_FLAGS_H_
