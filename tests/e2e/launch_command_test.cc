// `baton launch` from outside: what it refuses, and that children know their rank. tests/faults/launch_test.cc kills
// them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/testing/command.h"
#include "tests/testing/refused.h"

namespace baton {
namespace {

TEST_CASE("launch refuses what cannot be launched, in one sentence") {
  const Refused refused = GENERATE(
      Refused{"-n 0 -- schedules", "-n: \"0\" is not a whole number from 1 to 65536; see baton launch --help"},
      Refused{"-n 2 --nodes=2 -- schedules",
              "--nodes=2 needs --rendezvous=HOST:PORT, an address of node 0 that all nodes reach"},
      Refused{"--nodes=2 --node-rank=2 --rendezvous=h:1 -- schedules", "--node-rank=2 must be less than --nodes=2"},
      Refused{"--nodes=2 --node-rank=1 --rendezvous=h:1 -- schedules",
              "--nodes=2 needs BATON_TOKEN or BATON_TOKEN_FILE in the environment, the same secret on all nodes"},
      Refused{"-n 40000 --nodes=2 --rendezvous=h:1 -- schedules",
              "-n 40000 on --nodes=2 are more than 65536 processes"},
      Refused{"--rendezvous=host -- schedules",
              "--rendezvous=host is not HOST:PORT with a port from 1 to 65535; IPv6 as [ADDRESS]:PORT"},
      Refused{"--timeout=soon -- schedules",
              "--timeout=soon is not a time from 0 to 3600 s with its unit, like 18.5ms; units are ns, us, ms and s"});
  std::vector<std::string> arguments = Words("launch " + refused.arguments);
  CheckRefused(arguments, refused.message);
}

TEST_CASE("only commands of baton can be launched, and launch is none of them") {
  for (const char* const command : {"shedules", "launch", "sh"}) {
    const CommandResult result = Baton({"launch", "--", command});
    CHECK(result.status == 2);
    CHECK(absl::StrContains(result.err, "is not a command that can be launched"));
  }
}

TEST_CASE("children run the command behind --, with their rank before each line") {
  const CommandResult result = Baton(Words("launch -n 3 -- schedules --format=json"));
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  for (const char* const rank : {"[rank 0] ", "[rank 1] ", "[rank 2] "}) CHECK(absl::StrContains(result.out, rank));
}

TEST_CASE("a rehearsal over processes: rank 0 has the trace of all devices") {
  const std::string trace = NewPath("trace.json");
  const CommandResult result =
      Baton(Words("launch -n 3 -- rehearse --stages=4 --micro-batches=4 --forward=2ms "
                  "--backward-input=2ms --backward-weight=2ms --steps=2 --trace=" +
                  trace));
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(absl::StrContains(result.out, "on 4 sleeping devices in 3 processes"));
  const CommandResult explained = Baton({"explain", "--trace", trace});
  CHECK(explained.status == 0);
  CHECK(absl::StrContains(explained.out, "1f1b: 4 devices, 4 micro-batches"));
}

TEST_CASE("a rehearsal over processes takes turns on cores that no two of them share") {
  const std::string trace = NewPath("trace.json");
  const auto rehearse = [&](const std::string& nodes) {
    std::vector<std::string> arguments = Words("launch -n 2 -- rehearse examples/gpt_host.textproto --steps=1");
    arguments.insert(arguments.end(),
                     {"--set=data.text=tests/data/handbook.txt", "--set", "batch.micro_batches=4", "--set",
                      "devices={rates: {matmul_tflops: 0.02 memory_gbps: 10} " + nodes + "}", "--trace=" + trace});
    return Baton(arguments);
  };
  constexpr const char* kNodes =
      "cores: 1 per_node: 2 intra: {latency: \"1us\" bandwidth_gbps: 8} inter: {latency: \"1us\" bandwidth_gbps: 8}";
  const CommandResult nodes = rehearse(kNodes);
  INFO(nodes.out << nodes.err);
  REQUIRE(nodes.status == 0);
  CHECK(absl::StrContains(nodes.out, "2 threads of devices of a node take turns on 1 core"));
  CHECK_FALSE(absl::StrContains(nodes.out, "each with a core of its own"));
  // Sleeps are never early, so that turns that were not taken would make the step shorter than predicted.
  const CommandResult explained = Baton({"explain", "--trace", trace, "--format=json"});
  INFO(explained.out << explained.err);
  REQUIRE(explained.status == 0);
  const nlohmann::json report = nlohmann::json::parse(explained.out);
  CHECK(report.at("measured").at("step_time_us").get<double>() >=
        0.99 * report.at("predicted").at("step_time_us").get<double>());
  CHECK(report.at("predicted").at("core_wait_us").get<double>() >
        0.1 * report.at("predicted").at("step_time_us").get<double>());
  // All four devices on one core: neither process knows when devices of the other compute.
  const CommandResult one = rehearse("cores: 1");
  INFO(one.out << one.err);
  CHECK(one.status == 0);
  CHECK(absl::StrContains(one.out, "on 4 sleeping devices in 2 processes, each with a core of its own"));
}

TEST_CASE("a rehearsal on more processes than devices is refused once") {
  const CommandResult result = Baton(Words("launch -n 3 -- rehearse --stages=2 --micro-batches=4 --forward=2ms"));
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  CHECK(absl::StrContains(result.err, "devices.count: 2 for 3 processes, which need a device each"));
}

TEST_CASE("the exit status and the reason of the children's refusal come through") {
  const CommandResult result = Baton(Words("launch -n 2 -- train no_such_job"));
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  CHECK(absl::StrContains(result.err, "[rank 0] baton: "));
  CHECK(absl::StrContains(result.err, " failed first: it ended with status 2"));
}

}  // namespace
}  // namespace baton
