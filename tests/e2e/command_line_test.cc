// The command line from outside: help, printed text against tests/golden, --costs, and the JSON of compare. Refused
// input: refusals_test.cc.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/command.h"
#include "tests/testing/refused.h"

namespace baton {
namespace {

constexpr char kCosts[] =
    "chunk,forward_us,backward_input_us,backward_weight_us,transfer_us,activation_bytes\n"
    "0,2000,2000,1000,50,64000\n1,3000,3000,1500,700,64000\n2,2000,2000,1000,50,64000\n3,2000,2000,1000,50,0\n";

TEST_CASE("a table of costs replaces the flags of costs") {
  const std::string path = WriteNewFile(kCosts);
  const CommandResult simulated =
      Baton({"simulate", "--costs=" + path, "--micro-batches=1", "--schedule=gpipe", "--format=json"});
  REQUIRE(simulated.status == 0);
  // Forward and backward through all chunks and links.
  CHECK(nlohmann::json::parse(simulated.out)["step_time_us"] == 9000 + 9000 + 4500 + 2 * 800);
  // Two devices have two chunks each; the link between these is inside a device.
  const CommandResult joined =
      Baton({"simulate", "--costs=" + path, "--micro-batches=1", "--stages=2", "--schedule=gpipe", "--format=json"});
  REQUIRE(joined.status == 0);
  CHECK(nlohmann::json::parse(joined.out)["step_time_us"] == 9000 + 9000 + 4500 + 2 * 700);
  for (const char* command : {"compile", "compare", "rehearse"}) {
    CAPTURE(command);
    CHECK(Baton({command, "--costs=" + path, "--micro-batches=2"}).status == 0);
  }
}

TEST_CASE("a full disk behind standard output is an error") {
  Command command({"tools/baton/baton", "compare", "--stages=2", "--micro-batches=2"}, "/dev/full");
  const CommandResult result = command.Wait();
  CHECK(result.status == 1);
  CHECK(result.err == "baton: cannot write to standard output\n");
}

TEST_CASE("every command has help with examples, within 120 columns") {
  const std::string command = GENERATE("train", "compile", "simulate", "compare", "frontier", "profile", "rehearse",
                                       "explain", "whatif", "schedules", "");
  const CommandResult result = command.empty() ? Baton({"--help"}) : Baton({command, "--help"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(absl::StrContains(result.out, absl::StrCat("Examples:\n  baton ", command)));
  for (const auto& line : absl::StrSplit(result.out, '\n')) {
    CAPTURE(line);
    CHECK(line.size() <= 120);
  }
}

TEST_CASE("commands print the goldens; tools/update_goldens regenerates them") {
  std::ifstream commands("tests/golden/commands.txt");
  std::string file, arguments;
  int count = 0;
  while (commands >> file && std::getline(commands, arguments)) {
    CAPTURE(file);
    const CommandResult result = Baton(Words(arguments));
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out == ReadWhole("tests/golden/" + file));
    ++count;
  }
  CHECK(count == 10);
}

TEST_CASE("compare in JSON has the fields of the report as numbers, the fastest first") {
  const std::string problem = GENERATE("--stages=4 --micro-batches=8", "--stages=3 --micro-batches=2 --chunks=2",
                                       "examples/four_devices.textproto");
  std::vector<std::string> arguments = Words("compare " + problem + " --format=json");
  const CommandResult result = Baton(arguments);
  CAPTURE(problem);
  REQUIRE(result.status == 0);
  const nlohmann::json rows = nlohmann::json::parse(result.out).at("rows");
  CHECK(rows.size() == AllSchedules().size());
  double fastest = 0;
  bool refused = false;
  for (const nlohmann::json& row : rows) {
    CHECK(row.at("schedule").is_string());
    if (row.at("status") != "ok") {
      refused = true;
      continue;
    }
    CHECK_FALSE(refused);  // schedules that cannot run come last
    CHECK(row.at("step_time_us").get<double>() >= fastest);
    fastest = row["step_time_us"];
    for (const char* ratio : {"bubble_ratio", "span_bubble_ratio"}) {
      REQUIRE(row.at(ratio).is_number());
      CHECK(row[ratio] >= 0);
      CHECK(row[ratio] < 1);
    }
    const size_t devices = absl::StrContains(problem, "--stages=3") ? 3 : 4;
    for (const char* list : {"peak_micro_batches", "peak_bytes"}) {
      REQUIRE(row.at(list).size() == devices);
      for (const nlohmann::json& value : row[list]) CHECK(value.is_number());
    }
  }
}

TEST_CASE("a schedule named twice is compared once") {
  const CommandResult result =
      Baton(Words("compare --stages=2 --micro-batches=4 --schedules=gpipe,1f1b,gpipe --format=json"));
  REQUIRE(result.status == 0);
  const nlohmann::json rows = nlohmann::json::parse(result.out).at("rows");
  REQUIRE(rows.size() == 2);
  // Both take the same time; the peak of 1f1b is lower.
  CHECK(rows[0].at("schedule") == "1f1b");
  CHECK(rows[1].at("schedule") == "gpipe");
}

}  // namespace
}  // namespace baton
