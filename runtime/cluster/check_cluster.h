// Looks at a cluster before a run does: every link, every clock, and what differs between the machines. Used by
// `baton check-cluster`.
//
//   ClusterOptions options;
//   options.facts = {…};                                     // of this process
//   BATON_ASSIGN_OR_RETURN(const proto::ClusterReport report, CheckCluster(control, options));
//   if (control.rank() == 0) std::cout << …;
//
// One pair of processes at a time is measured, so that pairs do not share a wire, and all others wait.
#ifndef BATON_RUNTIME_CLUSTER_CHECK_CLUSTER_H_
#define BATON_RUNTIME_CLUSTER_CHECK_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/cluster.pb.h"
#include "runtime/process/control.h"

namespace baton {

struct ClusterOptions {
  std::vector<proto::ClusterReport::Fact> facts;  // of this process; the same names in all processes
  int large_messages = 3;                         // of 16 MiB in each direction; the median counts
  int64_t connect_timeout_ms = 10'000;            // of a pair
  // Called in rank 0 with the pairs that are done. Null: nobody.
  std::function<void(int done, int pairs)> progress;
};

// All processes of the run call it at the same time. The whole report in rank 0, nothing in the others. A pair that
// cannot connect has an error in its links, and is no error of this. Errors: those of `control`.
absl::StatusOr<proto::ClusterReport> CheckCluster(Control& control, const ClusterOptions& options);

// The facts that are not the same in all processes, in the order of the first one's facts.
std::vector<proto::ClusterReport::Difference> DifferencesOf(const proto::ClusterReport& report);

// Puts the address behind the names of hosts that processes with several addresses have in common: containers and
// network namespaces may share a name. `addresses`: by rank.
void NameHosts(const std::vector<std::string>& addresses, proto::ClusterReport& report);

}  // namespace baton

#endif  // BATON_RUNTIME_CLUSTER_CHECK_CLUSTER_H_
