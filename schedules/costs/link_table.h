// Measured links between the processes of a cluster, as a CSV file: written by `baton check-cluster`, read by
// --link-table of other commands, which then price transfers by it. The columns are in the first line:
//
//   from,to,from_host,to_host,latency_us,bandwidth_gbps
//   0,1,node-a,node-a,21.4,3.71
//   1,0,node-a,node-a,21.4,3.68
//
//   BATON_ASSIGN_OR_RETURN(const LinkTable table, ReadLinkTable(text, "links.csv"));
//   ApplyLinkTable(table, {num_devices}, costs);
#ifndef BATON_SCHEDULES_COSTS_LINK_TABLE_H_
#define BATON_SCHEDULES_COSTS_LINK_TABLE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schedules/costs/costs.h"

namespace baton {

// The most bytes and rows that are read: all pairs of a thousand processes.
inline constexpr size_t kMaxLinkTableBytes = size_t{1} << 26;
inline constexpr int kMaxLinkTableRows = 1 << 20;

// One direction between two processes.
struct MeasuredLink {
  int from = 0;  // ranks, which differ
  int to = 0;
  std::string from_host;  // not empty, without commas and quotes
  std::string to_host;
  LinkCosts costs;  // the bandwidth is not 0
};

struct LinkTable {
  std::vector<MeasuredLink> links;

  int NumHosts() const;
  // The link between two processes of one host, and of different hosts: the median latency and the median bandwidth of
  // all of them. None: no such pair was measured.
  std::optional<LinkCosts> WithinHost() const;
  std::optional<LinkCosts> BetweenHosts() const;
};

// Reads one row a direction; all columns are needed, in any order. Latency: 0 to 3.6·10⁹ µs; bandwidth: 10⁻⁶ to 10⁶
// GB/s. Errors: InvalidArgument as `file:line:column: what`, with the value and what is allowed; also if a pair of
// ranks comes twice, or a rank is on two hosts.
absl::StatusOr<LinkTable> ReadLinkTable(absl::string_view text, absl::string_view file);

// The text that ReadLinkTable reads.
std::string PrintLinkTable(const LinkTable& table);

// The devices of a run, and how its hosts share them.
struct LinkedDevices {
  int num_devices = 0;  // of the program
  // For each device of the program, a host has as many, which share its links to other hosts.
  int num_members = 1;
  int per_node = 0;  // consecutive devices of a host, members counted; 0: an equal part of all, rounded up
};

// Prices the transfers of `costs` by the table: within a node by WithinHost, between nodes by BetweenHosts. A node is a
// host. What was not measured stays. Measured times of single transfers (link_ns) are dropped.
void ApplyLinkTable(const LinkTable& table, const LinkedDevices& devices, CostModel& costs);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_LINK_TABLE_H_
