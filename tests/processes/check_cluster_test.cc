// Every pair of processes is measured, over real connections and a real control plane on loopback.
#include "runtime/cluster/check_cluster.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "runtime/cluster/pair_probe.h"
#include "runtime/process/lone_control.h"
#include "runtime/transport/testing/stores.h"
#include "tests/processes/worlds.h"

namespace baton {
namespace {

ClusterOptions OptionsOf(int rank) {
  ClusterOptions options;
  options.large_messages = 1;
  proto::ClusterReport::Fact fact;
  fact.set_name("libraries");
  fact.set_value(rank == 1 ? "other" : "same");
  fact.set_changes_bits(true);
  options.facts = {fact};
  return options;
}

TEST_CASE("all pairs are measured in both directions, with clocks and differences") {
  const int size = GENERATE(2, 3, 4);
  CAPTURE(size);
  proto::ClusterReport report;
  int pairs_done = 0;
  AsProcesses(size, [&](Control& control) {
    ClusterOptions options = OptionsOf(control.rank());
    options.progress = [&](int done, int pairs) {
      if (pairs == size * (size - 1) / 2) pairs_done = done;
    };
    const auto own = CheckCluster(control, options).value();
    if (control.rank() == 0) report = own;
  });
  CHECK(pairs_done == size * (size - 1) / 2);
  REQUIRE(report.processes_size() == size);
  for (int rank = 0; rank < size; ++rank) {
    const auto& process = report.processes(rank);
    CHECK(process.rank() == rank);
    CHECK_FALSE(process.host().empty());
    CHECK(process.pid() > 0);
    REQUIRE(process.has_clock_offset_us());
    // All have one clock, so the bound is proven right or wrong here.
    CHECK(std::abs(process.clock_offset_us()) <= process.clock_bound_us());
    CHECK((process.clock_bound_us() > 0) == (rank > 0));
  }
  std::set<std::pair<int, int>> pairs;
  for (const auto& link : report.links()) {
    CHECK(link.error().empty());
    CHECK(link.latency_us() > 0);
    CHECK(link.bandwidth_gbps() > 0);
    pairs.insert({link.from(), link.to()});
  }
  CHECK(static_cast<int>(pairs.size()) == size * (size - 1));
  REQUIRE(report.differences_size() == 1);
  CHECK(report.differences(0).groups_size() == 2);
  CHECK(report.differences(0).groups(1).ranks(0) == 1);
}

TEST_CASE("a process that is alone has nothing to measure") {
  LoneControl control;
  const auto report = CheckCluster(control, OptionsOf(0)).value();
  REQUIRE(report.processes_size() == 1);
  CHECK(report.links().empty());
  CHECK(report.differences().empty());
}

TEST_CASE("a failure elsewhere ends the measurement of a pair") {
  AsProcesses(2, [&](Control& control) {
    // Only a run that has begun can fail so.
    if (!control.Barrier().ok()) return;
    if (control.rank() == 1) return control.Abort(absl::DataLossError("no disk"));
    const auto report = CheckCluster(control, OptionsOf(0));
    CHECK(report.status().code() == absl::StatusCode::kCancelled);
    CHECK(absl::StrContains(report.status().message(), "no disk"));
  });
}

TEST_CASE("a pair whose peer does not come is named after the timeout") {
  MemoryStore store;
  PairProbeOptions options;
  options.rank = 1;
  options.peer = 0;
  options.store = &store;
  options.connect_timeout_ms = 50;
  const auto figures = PairProbe::Create(options).value()->Measure();
  CHECK(figures.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(absl::StartsWith(figures.status().message(), "rank 1 cannot connect with rank 0: "));
}

TEST_CASE("an abort ends a measurement with its own status") {
  MemoryStore store;
  PairProbeOptions options;
  options.peer = 1;
  options.store = &store;
  options.connect_timeout_ms = 60'000;
  const auto probe = PairProbe::Create(options).value();
  std::thread aborts([&] { probe->Abort(absl::AbortedError("enough")); });
  CHECK(probe->Measure().status() == absl::AbortedError("enough"));
  aborts.join();
}

}  // namespace
}  // namespace baton
