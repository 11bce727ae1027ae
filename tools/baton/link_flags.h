// --bandwidth, --per-node, --inter-transfer and --inter-bandwidth: the links of a pipeline without a job. Part of
// ProblemFlags.
#ifndef BATON_TOOLS_BATON_LINK_FLAGS_H_
#define BATON_TOOLS_BATON_LINK_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "schedules/costs/costs.h"

namespace baton {

// As typed.
struct LinkFlags {
  std::string bandwidth;
  std::optional<int> per_node;
  std::string inter_transfer;
  std::string inter_bandwidth;
};

void AddLinkFlags(CLI::App& command, LinkFlags& flags, const std::string& group);

// Sets the links of `costs`, except transfer_ns. Errors: InvalidArgument.
absl::Status ApplyLinkFlags(const LinkFlags& flags, CostModel& costs);

// As "\nlinks of 450 GB/s, between nodes of 8 devices 10.0 µs and 50 GB/s"; empty if bandwidth is unlimited and all
// devices are in one node.
std::string DescribeLinks(const CostModel& costs);

// Errors: InvalidArgument if any of the flags is given, as with a job none may be.
absl::Status RefuseLinkFlags(const LinkFlags& flags);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_LINK_FLAGS_H_
