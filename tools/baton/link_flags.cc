#include "tools/baton/link_flags.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/read_file.h"
#include "base/status.h"
#include "tools/baton/command_line.h"

namespace baton {
namespace {

absl::Status ParseBandwidth(const char* flag, const std::string& text, double& bytes_per_ns) {
  if (text.empty()) return absl::OkStatus();
  // The range of CheckCosts.
  const bool is_number = absl::SimpleAtod(text, &bytes_per_ns);
  if (is_number && (bytes_per_ns == 0 || (bytes_per_ns >= 1e-6 && bytes_per_ns <= 1e6))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": \"", text, "\" is not a number of GB/s from 0.000001 to 1000000, or 0 for no limit"));
}

}  // namespace

void AddLinkFlags(CLI::App& command, LinkFlags& flags, const std::string& group) {
  command
      .add_option("--bandwidth", flags.bandwidth,
                  "Bandwidth of a link, for --message-bytes; transfers queue for the link (no limit)")
      ->group(group)
      ->type_name("GB/s");
  command
      .add_option("--per-node", flags.per_node, "Devices of a node; one link leads from each node to each other (all)")
      ->group(group)
      ->check(Between(1, 4096));
  command.add_option("--inter-transfer", flags.inter_transfer, "Latency from node to node; needs --per-node")
      ->group(group)
      ->type_name("TIME");
  command.add_option("--inter-bandwidth", flags.inter_bandwidth, "Bandwidth of the link from node to node (no limit)")
      ->group(group)
      ->type_name("GB/s");
  AddLinkTableFlag(command, flags.table);
}

void AddLinkTableFlag(CLI::App& command, std::string& table) {
  command
      .add_option("--link-table", table,
                  "Measured links, as baton check-cluster writes them; they replace those of the job")
      ->type_name("FILE");
}

absl::StatusOr<LinkTable> ReadLinkTableFile(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("link table", path, kMaxLinkTableBytes + 1));
  return ReadLinkTable(text, NameOfFile(path));
}

absl::Status ApplyLinkFlags(const LinkFlags& flags, CostModel& costs) {
  const std::pair<const char*, bool> replaced[] = {{"bandwidth", !flags.bandwidth.empty()},
                                                   {"inter-transfer", !flags.inter_transfer.empty()},
                                                   {"inter-bandwidth", !flags.inter_bandwidth.empty()}};
  for (const auto& [flag, is_given] : replaced) {
    if (is_given && !flags.table.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", flag, ": --link-table gives it; leave one of them out"));
    }
  }
  if (!flags.table.empty()) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(ParseBandwidth("bandwidth", flags.bandwidth, costs.bytes_per_ns));
  BATON_RETURN_IF_ERROR(ParseBandwidth("inter-bandwidth", flags.inter_bandwidth, costs.inter.bytes_per_ns));
  if (!flags.inter_transfer.empty()) {
    const std::optional<Nanos> latency = ParseDuration(flags.inter_transfer);
    if (!latency) {
      return absl::InvalidArgumentError(
          absl::StrCat("--inter-transfer: \"", flags.inter_transfer, "\" is not ", kDurationAllowed));
    }
    costs.inter.latency_ns = *latency;
  }
  costs.devices_per_node = flags.per_node.value_or(0);
  if (flags.per_node && flags.inter_transfer.empty() && flags.inter_bandwidth.empty()) {
    return absl::InvalidArgumentError(
        "--per-node: needs --inter-transfer or --inter-bandwidth, the link between nodes");
  }
  if (!flags.per_node && (!flags.inter_transfer.empty() || !flags.inter_bandwidth.empty())) {
    return absl::InvalidArgumentError(
        "--inter-transfer, --inter-bandwidth: need --per-node, the number of devices of a node");
  }
  return absl::OkStatus();
}

std::string DescribeLinkTable(const LinkTable& table, const std::string& path) {
  const auto link = [](const LinkCosts& costs) {
    return absl::StrCat(FormatDuration(costs.latency_ns), " and ", absl::StrFormat("%.3g GB/s", costs.bytes_per_ns));
  };
  const std::optional<LinkCosts> within = table.WithinHost(), between = table.BetweenHosts();
  return absl::StrCat("\nlinks as in ", Printable(path), ": ", within ? link(*within) + " within a host" : "",
                      within && between ? ", " : "", between ? link(*between) + " between hosts" : "");
}

std::string DescribeLinks(const CostModel& costs) {
  const auto bandwidth = [](double bytes_per_ns) {
    return bytes_per_ns > 0 ? absl::StrCat(bytes_per_ns, " GB/s") : std::string("unlimited bandwidth");
  };
  if (costs.bytes_per_ns <= 0 && costs.devices_per_node == 0) return "";
  std::string text = absl::StrCat("\nlinks of ", bandwidth(costs.bytes_per_ns));
  if (costs.devices_per_node == 0) return text;
  return absl::StrCat(text, ", between nodes of ", costs.devices_per_node,
                      costs.devices_per_node == 1 ? " device " : " devices ", FormatDuration(costs.inter.latency_ns),
                      " and ", bandwidth(costs.inter.bytes_per_ns));
}

absl::Status RefuseLinkFlags(const LinkFlags& flags) {
  const std::pair<const char*, bool> given[] = {{"bandwidth", !flags.bandwidth.empty()},
                                                {"per-node", flags.per_node.has_value()},
                                                {"inter-transfer", !flags.inter_transfer.empty()},
                                                {"inter-bandwidth", !flags.inter_bandwidth.empty()}};
  for (const auto& [flag, is_given] : given) {
    if (is_given) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": with a job file, set devices.intra and devices.inter instead"));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
