// The differences between processes, and the names of their hosts.
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/cluster/check_cluster.h"

namespace baton {
namespace {

std::string ValueOf(const proto::ClusterReport::Process& process, const std::string& name) {
  for (const auto& fact : process.facts()) {
    if (fact.name() == name) return fact.value();
  }
  return "";
}

}  // namespace

std::vector<proto::ClusterReport::Difference> DifferencesOf(const proto::ClusterReport& report) {
  std::vector<proto::ClusterReport::Difference> differences;
  if (report.processes().empty()) return differences;
  for (const auto& fact : report.processes(0).facts()) {
    proto::ClusterReport::Difference difference;
    difference.set_name(fact.name());
    difference.set_changes_bits(fact.changes_bits());
    std::map<std::string, int> group_of_value;
    for (const auto& process : report.processes()) {
      const std::string value = ValueOf(process, fact.name());
      const auto [found, is_new] = group_of_value.insert({value, difference.groups_size()});
      if (is_new) difference.add_groups()->set_value(value);
      difference.mutable_groups(found->second)->add_ranks(process.rank());
    }
    if (difference.groups_size() > 1) differences.push_back(std::move(difference));
  }
  return differences;
}

void NameHosts(const std::vector<std::string>& addresses, proto::ClusterReport& report) {
  std::map<std::string, std::set<std::string>> addresses_of_name;
  for (int rank = 0; rank < report.processes_size(); ++rank) {
    addresses_of_name[report.processes(rank).host()].insert(addresses[rank]);
  }
  for (int rank = 0; rank < report.processes_size(); ++rank) {
    std::string& host = *report.mutable_processes(rank)->mutable_host();
    if (addresses_of_name[host].size() > 1) absl::StrAppend(&host, "/", addresses[rank]);
  }
}

}  // namespace baton
