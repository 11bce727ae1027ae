// The verdict on facts of several processes, and the names of hosts.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/cluster/check_cluster.h"

namespace baton {
namespace {

// A process a row: the values of "processor" and "libraries".
proto::ClusterReport Report(const std::vector<std::vector<std::string>>& rows) {
  proto::ClusterReport report;
  for (const auto& row : rows) {
    proto::ClusterReport::Process& process = *report.add_processes();
    process.set_rank(report.processes_size() - 1);
    process.set_host("node");
    for (size_t i = 0; i < row.size(); ++i) {
      proto::ClusterReport::Fact& fact = *process.add_facts();
      fact.set_name(i == 0 ? "processor" : "libraries");
      fact.set_value(row[i]);
      fact.set_changes_bits(i == 1);
    }
  }
  return report;
}

TEST_CASE("equal processes have no difference") {
  CHECK(DifferencesOf(Report({})).empty());
  CHECK(DifferencesOf(Report({{"a", "1"}})).empty());
  CHECK(DifferencesOf(Report({{"a", "1"}, {"a", "1"}, {"a", "1"}})).empty());
}

TEST_CASE("a difference lists the ranks of each value in the order of ranks") {
  const auto differences = DifferencesOf(Report({{"a", "1"}, {"b", "1"}, {"a", "2"}}));
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].name() == "processor");
  CHECK_FALSE(differences[0].changes_bits());
  REQUIRE(differences[0].groups_size() == 2);
  CHECK(differences[0].groups(0).value() == "a");
  CHECK(std::vector<int>(differences[0].groups(0).ranks().begin(), differences[0].groups(0).ranks().end()) ==
        std::vector<int>{0, 2});
  CHECK(differences[0].groups(1).value() == "b");
  CHECK(differences[1].name() == "libraries");
  CHECK(differences[1].changes_bits());
  CHECK(differences[1].groups(1).ranks(0) == 2);
}

TEST_CASE("a fact that a process lacks differs from one that others have") {
  const auto differences = DifferencesOf(Report({{"a", "1"}, {"a"}}));
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].groups(1).value().empty());
}

TEST_CASE("hosts of one name are told apart by their addresses") {
  proto::ClusterReport report = Report({{"a"}, {"a"}, {"a"}});
  report.mutable_processes(2)->set_host("other");
  SECTION("the same address: one host") {
    NameHosts({"10.0.0.1", "10.0.0.1", "10.0.0.3"}, report);
    CHECK(report.processes(0).host() == "node");
    CHECK(report.processes(1).host() == "node");
  }
  SECTION("two addresses: two hosts") {
    NameHosts({"10.0.0.1", "10.0.0.2", "10.0.0.3"}, report);
    CHECK(report.processes(0).host() == "node/10.0.0.1");
    CHECK(report.processes(1).host() == "node/10.0.0.2");
  }
  CHECK(report.processes(2).host() == "other");
}

}  // namespace
}  // namespace baton
