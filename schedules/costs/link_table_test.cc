#include "schedules/costs/link_table.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr char kHeader[] = "from,to,from_host,to_host,latency_us,bandwidth_gbps\n";

// Two hosts of two processes: 20 µs and 4 GB/s within a host, 100 µs and 1 GB/s between hosts; one link is slow.
LinkTable TwoHosts() {
  LinkTable table;
  for (int from = 0; from < 4; ++from) {
    for (int to = 0; to < 4; ++to) {
      if (from == to) continue;
      MeasuredLink link;
      link.from = from;
      link.to = to;
      link.from_host = from < 2 ? "a" : "b";
      link.to_host = to < 2 ? "a" : "b";
      const bool within = link.from_host == link.to_host;
      link.costs = within ? LinkCosts{20'000, 4} : LinkCosts{100'000, 1};
      if (from == 0 && to == 3) link.costs = {9'000'500, 0.01};
      table.links.push_back(link);
    }
  }
  return table;
}

TEST_CASE("a printed table is read back as it was") {
  const std::string text = PrintLinkTable(TwoHosts());
  const LinkTable table = ReadLinkTable(text, "links.csv").value();
  REQUIRE(table.links.size() == 12);
  CHECK(table.links[2].from == 0);
  CHECK(table.links[2].to == 3);
  CHECK(table.links[2].to_host == "b");
  CHECK(table.links[2].costs.latency_ns == 9'000'500);
  CHECK(table.links[2].costs.bytes_per_ns == 0.01);
  CHECK(PrintLinkTable(table) == text);
}

TEST_CASE("columns may come in any order") {
  const LinkTable table =
      ReadLinkTable("latency_us,to,from,bandwidth_gbps,to_host,from_host\n1.5,1,0,2,b,a\n", "links.csv").value();
  CHECK(table.links[0].from == 0);
  CHECK(table.links[0].from_host == "a");
  CHECK(table.links[0].costs.latency_ns == 1500);
  CHECK(table.links[0].costs.bytes_per_ns == 2);
}

TEST_CASE("the links of a table are the medians within hosts and between them") {
  const LinkTable table = TwoHosts();
  CHECK(table.NumHosts() == 2);
  CHECK(table.WithinHost()->latency_ns == 20'000);
  CHECK(table.WithinHost()->bytes_per_ns == 4);
  CHECK(table.BetweenHosts()->latency_ns == 100'000);
  CHECK(table.BetweenHosts()->bytes_per_ns == 1);
}

TEST_CASE("a table prices transfers; what it has not measured stays") {
  CostModel costs;
  costs.transfer_ns = 7;
  costs.bytes_per_ns = 70;
  costs.link_ns = {1, 2};
  SECTION("two hosts: a node is a host") {
    ApplyLinkTable(TwoHosts(), {/*num_devices=*/5}, costs);
    CHECK(costs.link_ns.empty());
    CHECK(costs.devices_per_node == 3);
    CHECK(costs.transfer_ns == 20'000);
    CHECK(costs.bytes_per_ns == 4);
    CHECK(costs.inter.latency_ns == 100'000);
    CHECK(costs.inter.bytes_per_ns == 1);
  }
  SECTION("two hosts with a given number of devices") {
    ApplyLinkTable(TwoHosts(), {8, /*num_members=*/1, /*per_node=*/2}, costs);
    CHECK(costs.devices_per_node == 2);
  }
  SECTION("members of a layer share their host's link to others") {
    ApplyLinkTable(TwoHosts(), {/*num_devices=*/6, /*num_members=*/2}, costs);
    CHECK(costs.devices_per_node == 3);
    CHECK(costs.bytes_per_ns == 4);
    CHECK(costs.inter.bytes_per_ns == 0.5);
    ApplyLinkTable(TwoHosts(), {6, 2, /*per_node=*/4}, costs);
    CHECK(costs.devices_per_node == 2);
  }
  SECTION("one process a host: links within a host are not measured") {
    LinkTable table;
    table.links = {{0, 1, "a", "b", {50, 2}}};
    ApplyLinkTable(table, {2}, costs);
    CHECK(costs.devices_per_node == 1);
    CHECK(costs.transfer_ns == 7);
    CHECK(costs.bytes_per_ns == 70);
    CHECK(costs.inter.latency_ns == 50);
  }
  SECTION("one host: all devices form one node") {
    LinkTable table;
    table.links = {{0, 1, "a", "a", {50, 2}}};
    ApplyLinkTable(table, {4}, costs);
    CHECK(costs.devices_per_node == 0);
    CHECK(costs.transfer_ns == 50);
  }
}

TEST_CASE("wrong tables are refused with their place") {
  struct Wrong {
    std::string text;
    std::string message;
  };
  const std::string header = kHeader;
  const std::string first_line = "the first line must be from,to,from_host,to_host,latency_us,bandwidth_gbps";
  const Wrong wrong = GENERATE_COPY(
      Wrong{"", "l.csv: empty; " + first_line},
      Wrong{"from,speed\n", "l.csv:1:6: \"speed\" is no known column; " + first_line},
      Wrong{"from,to,from\n", "l.csv:1:9: from: named twice"},
      Wrong{"from,to\n", "l.csv:1:1: 2 columns; " + first_line},
      Wrong{header, "l.csv: no row; one for each measured link must follow the header"},
      Wrong{header + "0,1,a,a,1\n", "l.csv:2:1: 5 cells; the header names 6 columns"},
      Wrong{header + "0,1,a,a,1,2,3\n", "l.csv:2:1: 7 cells; the header names 6 columns"},
      Wrong{header + "-1,1,a,a,1,2\n", "l.csv:2:1: from: \"-1\" must be a rank from 0 to 1048576"},
      Wrong{header + "0,1,,a,1,2\n", "l.csv:2:5: from_host: \"\" must be the name of a host"},
      Wrong{header + "0,1,a,a,nan,2\n",
            "l.csv:2:9: latency_us: \"nan\" must be a time from 0 to 3600000000 microseconds"},
      Wrong{header + "0,1,a,a,1,0\n",
            "l.csv:2:11: bandwidth_gbps: \"0\" must be a number of GB/s from 0.000001 to 1000000"},
      Wrong{header + "0,1,a,a,1,0x2\n",
            "l.csv:2:11: bandwidth_gbps: \"0x2\" must be a number of GB/s from 0.000001 to 1000000"},
      Wrong{header + "1,1,a,a,1,2\n", "l.csv:2:1: from: 1 is also to; a link is between two processes"},
      Wrong{header + "0,1,a,a,1,2\n0,1,a,a,1,2\n", "l.csv:3:1: the link from 0 to 1 is listed twice"},
      Wrong{header + "0,1,a,a,1,2\n1,2,b,a,1,2\n", "l.csv:3:1: rank 1 is on b here, on a in a row before"});
  CAPTURE(wrong.text);
  const auto table = ReadLinkTable(wrong.text, "l.csv");
  CHECK(table.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(table.status().message()) == wrong.message);
}

}  // namespace
}  // namespace baton
