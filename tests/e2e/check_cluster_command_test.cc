// `baton check-cluster` from outside, and --link-table of the commands that read its links.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/launch_options.h"
#include "tests/testing/command.h"
#include "tests/testing/refused.h"

namespace baton {
namespace {

constexpr char kHeader[] = "from,to,from_host,to_host,latency_us,bandwidth_gbps\n";

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Standard output of rank 0, without its name before each line.
std::string OutputOfRank0(const std::string& out) {
  std::istringstream lines(out);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (absl::StartsWith(line, "[rank 0] ")) absl::StrAppend(&text, line.substr(9), "\n");
  }
  return text;
}

TEST_CASE("one process says that it has no links, and what its machine is") {
  const CommandResult result = Baton({"check-cluster"});
  CHECK(result.status == 0);
  CHECK(absl::StartsWith(result.out, "1 process on 1 host\n"));
  CHECK(absl::StrContains(result.out, "oneDNN "));
  CHECK(absl::StrContains(result.out, "One process has no links to measure; start several"));
}

TEST_CASE("three processes: a table of pairs, and links that other commands read") {
  const std::string links = NewPath("links.csv");
  const CommandResult result = Baton(Words("launch -n 3 -- check-cluster --repeats=1 --link-table=" + links));
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  for (const char* const part : {"3 processes on 1 host", "0 – 1", "0 – 2", "1 – 2", "within a host: "}) {
    CHECK(absl::StrContains(result.out, part));
  }
  CHECK(absl::StartsWith(ReadAll(links), kHeader));
  for (const char* const command :
       {"simulate --stages=3 --micro-batches=4", "compare --stages=3 --micro-batches=4",
        "rehearse --stages=3 --micro-batches=2 --steps=1", "simulate examples/four_devices.textproto"}) {
    CAPTURE(command);
    const CommandResult read = Baton(Words(absl::StrCat(command, " --link-table=", links)));
    INFO(read.err);
    CHECK(read.status == 0);
    CHECK(absl::StrContains(read.out, absl::StrCat("links as in ", links, ": ")));
  }
}

TEST_CASE("as JSON: rank 0 prints both directions of each pair, the others nothing") {
  const CommandResult result = Baton(Words("launch -n 2 -- check-cluster --repeats=1 --format=json"));
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK_FALSE(absl::StrContains(result.out, "[rank 1]"));
  const nlohmann::json report = nlohmann::json::parse(OutputOfRank0(result.out));
  CHECK(report.at("processes").size() == 2);
  REQUIRE(report.at("links").size() == 2);
  CHECK(report["links"][0].at("from") == 0);
  CHECK(report["links"][1].at("from") == 1);
  CHECK(report["links"][0].at("bandwidth_gbps") > 0);
  CHECK(report.at("differences").empty());
}

TEST_CASE("what may change bits is named, and the exit status says it") {
  // Both processes are children of one launcher; each takes the variable by its own rank.
  const std::string script = NewPath("differs.sh");
  std::ofstream(script) << "[ \"$BATON_RANK\" = 1 ] && export OMP_DYNAMIC=true\nexec tools/baton/baton check-cluster "
                           "--repeats=1\n";
  const int port = FreeLoopbackPort().value();
  const std::string both = absl::StrCat("export BATON_WORLD_SIZE=2 BATON_LEADER=127.0.0.1:", port,
                                        " BATON_TOKEN=x; BATON_RANK=1 sh ", script, " & BATON_RANK=0 sh ", script);
  Command command({"/bin/sh", "-c", both});
  const CommandResult result = command.Wait();
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(absl::StrContains(result.out,
                          "variables differ, and weights may then have other bits:\n"
                          "  rank 0: none\n  rank 1: OMP_DYNAMIC=true\n"));
  CHECK(absl::StrContains(result.err, "processes differ in their variables, on which the bits of weights depend"));
}

TEST_CASE("predictions price transfers by the table") {
  // 4 KiB/µs within a host and 1 KiB/µs between hosts, so that a message of 4096000 bytes takes 1 ms or 4 ms.
  const std::string table = WriteNewFile(absl::StrCat(kHeader, "0,1,a,a,0,4.096\n1,2,a,b,0,1.024\n"));
  const std::string sizes =
      "simulate --stages=4 --micro-batches=1 --schedule=gpipe --message-bytes=4096000 --format=json --link-table=" +
      table;
  const auto step = [](const std::string& arguments) {
    const CommandResult result = Baton(Words(arguments));
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out)["step_time_us"].get<double>();
  };
  // 4 × 3 ms of computing. Two devices on each of two hosts: 2 × (1 + 4 + 1) ms of transfers, there and back.
  CHECK(step(sizes) == 12'000 + 12'000);
  // One device on each of four hosts.
  CHECK(step(sizes + " --per-node=1") == 12'000 + 24'000);
}

TEST_CASE("a link table is refused where it cannot hold") {
  const std::string one_host = WriteNewFile(absl::StrCat(kHeader, "0,1,a,a,1,2\n"));
  const std::string empty = WriteNewFile(kHeader);
  const std::string problem = "simulate --stages=2 --micro-batches=2 --link-table=";
  const Refused refused = GENERATE_COPY(
      Refused{problem + one_host + " --bandwidth=3", "--bandwidth: --link-table gives it; leave one of them out"},
      Refused{problem + one_host + " --transfer=3us", "--transfer: --link-table gives it; leave one of them out"},
      Refused{problem + one_host + " --inter-transfer=3us",
              "--inter-transfer: --link-table gives it; leave one of them out"},
      Refused{problem + one_host + " --per-node=1", "--per-node: the link table has no link between two hosts"},
      Refused{problem + empty, empty + ": no row; one for each measured link must follow the header"},
      Refused{problem + "missing.csv", "cannot read link table missing.csv: No such file or directory"},
      Refused{"check-cluster --repeats=0",
              "--repeats: \"0\" is not a whole number from 1 to 1000; see baton check-cluster --help"},
      Refused{"check-cluster --link-table=/nonexistent/links.csv",
              "--link-table: /nonexistent/links.csv: cannot be opened: No such file or directory"},
      Refused{"check-cluster --link-table=" + NewPath("links.csv"), "--link-table: no link was measured"});
  const CommandResult result = Baton(Words(refused.arguments));
  CAPTURE(refused.arguments);
  CHECK(result.status == 2);
  CHECK(result.err == "baton: " + refused.message + "\n");
}

}  // namespace
}  // namespace baton
