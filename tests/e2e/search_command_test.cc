// The search from outside: its flags, reports, files that other commands read, the frontier and its figure.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kPipeline[] =
    " --stages=4 --micro-batches=8 --forward=3ms --backward-input=3ms --backward-weight=2ms --transfer=0.2ms";
constexpr char kGpt[] = "examples/gpt_host.textproto";

CommandResult Run(const std::string& command, const std::string& more = "") {
  return Baton(Words(absl::StrCat(command, kPipeline, more.empty() ? "" : " ", more)));
}

TEST_CASE("a simulation prints the bound and the gap, in words and as JSON") {
  const CommandResult text = Run("simulate", "--schedule=zb-auto --moves=100");
  REQUIRE(text.status == 0);
  CHECK(text.err.empty());  // progress is for terminals
  CHECK(absl::StrContains(text.out, "\nsearched: "));
  const CommandResult json = Run("simulate", "--schedule=zb-auto --moves=100 --format=json");
  REQUIRE(json.status == 0);
  const nlohmann::json report = nlohmann::json::parse(json.out);
  const double bound = report.at("lower_bound_us");
  CHECK(bound > 0);
  CHECK(report.at("step_time_us") >= bound);
  CHECK(report.at("gap").get<double>() == Approx(report["step_time_us"].get<double>() / bound - 1).margin(1e-12));
  CHECK(report.at("span_us") <= report["step_time_us"]);
  const nlohmann::json other = nlohmann::json::parse(Run("simulate", "--schedule=1f1b --format=json").out);
  CHECK_FALSE(other.contains("lower_bound_us"));
  CHECK_FALSE(other.contains("gap"));
}

TEST_CASE("compare takes the better placement, unless one is given, and prints the gap") {
  const auto row_of = [](const std::string& more) {
    const CommandResult result = Run("compare", "--schedules=zb-auto,zb-v,zb-h1 --format=json " + more);
    REQUIRE(result.status == 0);
    const nlohmann::json report = nlohmann::json::parse(result.out);
    for (const nlohmann::json& row : report.at("rows")) {
      if (row.at("schedule") == "zb-auto") return row;
    }
    return nlohmann::json();
  };
  const double open = row_of("--moves=200").at("step_time_us");
  const double loop = row_of("--moves=200 --placement=loop").at("step_time_us");
  const double v = row_of("--moves=200 --placement=v").at("step_time_us");
  CHECK(open == std::min(loop, v));
  CHECK(loop != v);
  CHECK(row_of("--moves=0").at("gap") >= 0);
  CHECK(absl::StrContains(Run("compare", "--moves=0").out, "gap          at most this far above"));
  CHECK_FALSE(absl::StrContains(Run("compare", "--schedules=1f1b,gpipe").out, "gap"));
}

TEST_CASE("the same moves and seed compile to the same program, which verifies and simulates like any other") {
  const std::string moves = "--schedule=zb-auto --moves=500 --seed=7 --format=csv";
  const CommandResult once = Run("compile", moves);
  REQUIRE(once.status == 0);
  CHECK(Run("compile", moves).out == once.out);
  const std::string path = NewPath("order");
  std::ofstream(path, std::ios::binary) << once.out;
  const CommandResult verified = Baton({"verify", "--order=" + path});
  CHECK(verified.status == 0);
  const auto step = [](const CommandResult& result) {
    return nlohmann::json::parse(result.out).at("step_time_us").get<double>();
  };
  CHECK(step(Run("simulate", "--format=json --order=" + path)) ==
        step(Run("simulate", "--schedule=zb-auto --moves=500 --seed=7 --format=json")));
  CHECK(Run("rehearse", "--schedule=zb-auto --steps=1").status == 0);
}

TEST_CASE("seconds are a budget") {
  const CommandResult result = Run("simulate", "--schedule=zb-auto --search=0.05 --activation-limit-micro-batches=2");
  CHECK(result.status == 0);
  CHECK(absl::StrContains(result.out, " moves\n"));
}

TEST_CASE("an exact search says that no order is shorter, and by how many nodes it knows") {
  const std::string limit = "--schedule=zb-auto --exact --activation-limit-micro-batches=3 --moves=100";
  const CommandResult proven = Run("simulate", limit);
  CHECK(proven.status == 0);
  CHECK(absl::StrContains(proven.out, "searched: no order within the limit has a shorter step than "));
  CHECK(absl::StrContains(proven.out, " by 100 moves and "));
  CHECK(absl::StrContains(proven.out, " nodes\n"));
  const CommandResult cut = Run("simulate", limit + " --exact-nodes=1");
  CHECK(cut.status == 0);
  CHECK(absl::StrContains(cut.out, " by 100 moves and 1 node\n"));
  const CommandResult of_job =
      Baton({"simulate", kGpt, "--set", "pipeline.schedule=zb-auto", "--set", "pipeline.search={ exact_nodes: 5 }"});
  CHECK(of_job.status == 2);
  CHECK(of_job.err == "baton: pipeline.search.exact_nodes: goes with pipeline.search.exact: true\n");
}

TEST_CASE("limits hold for every schedule, by device too") {
  const auto held = [](const std::string& more) {
    const CommandResult result = Run("simulate", "--format=json " + more);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out).at("peak_micro_batches").get<std::vector<double>>();
  };
  const std::vector<double> peaks = held("--schedule=zb-auto --activation-limit-micro-batches=3,2.5,2,1");
  for (size_t device = 0; device < 4; ++device) CHECK(peaks[device] <= 3.0 - 0.5 * static_cast<double>(device));
  const CommandResult refused = Run("simulate", "--schedule=zb-h2 --activation-limit-micro-batches=5");
  CHECK(refused.status == 2);
  CHECK(refused.err ==
        "baton: --activation-limit-micro-batches: device 0 has 7 micro-batches of live activations; its limit is 5 "
        "micro-batches\n");
  CHECK(Run("simulate", "--schedule=1f1b --activation-limit-micro-batches=4").status == 0);
}

TEST_CASE("an impossible search is refused in one sentence") {
  struct Refused {
    std::string arguments;
    std::string message;
  };
  const std::string limit = "--activation-limit-micro-batches: ";
  const std::string help = "; see baton simulate --help";
  const Refused refused = GENERATE_COPY(
      Refused{"--activation-limit-micro-batches=0.5",
              limit + "device 0 is limited to 0.5 micro-batches; the smallest limit that any order can keep is 1 "
                      "micro-batch, for one micro-batch in flight"},
      Refused{"--activation-limit-micro-batches=2,2",
              limit + "2 numbers; must be one for all devices, or one for each of 4"},
      Refused{"--activation-limit-micro-batches=-1",
              limit + "\"-1\" is not a number above 0 and at most 1000000" + help},
      Refused{"--activation-limit-micro-batches=nan",
              limit + "\"nan\" is not a number above 0 and at most 1000000" + help},
      Refused{"--activation-limit-bytes=1000",
              "--activation-limit-bytes: the costs give no bytes of activations; give them, or limit "
              "micro-batches instead"},
      Refused{
          "--activation-bytes=1000 --activation-limit-bytes=999",
          "--activation-limit-bytes: device 0 is limited to 999 bytes; the smallest limit that any order can keep is "
          "1024 bytes, for one micro-batch in flight"},
      Refused{"--activation-limit-micro-batches=4 --activation-limit-bytes=4",
              "--activation-limit-bytes: --activation-limit-micro-batches is given too; leave one of them out"},
      Refused{"--weight-activation-fraction=1.5",
              "--weight-activation-fraction: \"1.5\" is not a number from 0 to 1" + help},
      Refused{"--objective=time", "--objective: time not in {makespan,span}" + help},
      Refused{"--placement=v --chunks=3", "--chunks: 3; --placement=v takes exactly 2 chunks per device"},
      Refused{"--search=-1", "--search: \"-1\" is not a number from 0 to 86400" + help},
      Refused{"--exact-nodes=5", "--exact-nodes: goes with --exact"},
      Refused{"--exact --exact-nodes=0", "--exact-nodes: \"0\" is not a whole number from 1 to 1000000000000" + help},
      Refused{"--exact --chunks=100", "--exact: 9600 passes (chunks × micro-batches × 3) must be at most 3000"},
      Refused{"--moves=many", "--moves: \"many\" is not a whole number from 0 to 1000000000000" + help});
  const CommandResult result = Run("simulate", "--schedule=zb-auto " + refused.arguments);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.err == absl::StrCat("baton: ", refused.message, "\n"));
}

TEST_CASE("flags of a search are refused for a schedule that is not searched") {
  for (const std::string flag :
       {"--objective=span", "--placement=v", "--search=1", "--moves=1", "--seed=2", "--exact"}) {
    const CommandResult result = Run("simulate", "--schedule=zb-h1 " + flag);
    CHECK(result.status == 2);
    CHECK(result.err ==
          absl::StrCat("baton: ", flag.substr(0, flag.find('=')), ": goes with --schedule=zb-auto, not with zb-h1\n"));
  }
}

TEST_CASE("a job names the schedule, its limits and its search") {
  const CommandResult result =
      Baton({"simulate", kGpt, "--set", "pipeline.schedule=zb-auto", "--set",
             "pipeline.search={ activation_limit_micro_batches: [3, 3, 2, 2] moves: 300 }", "--format=json"});
  REQUIRE(result.status == 0);
  const nlohmann::json report = nlohmann::json::parse(result.out);
  CHECK(report.at("peak_micro_batches")[3] <= 2);
  CHECK(report.at("gap") >= 0);
  const auto refused = [](const std::string& set, const std::string& schedule) {
    return Baton({"simulate", kGpt, "--set", "pipeline.schedule=" + schedule, "--set", "pipeline.search." + set}).err;
  };
  CHECK(refused("moves=5", "1f1b") ==
        "baton: pipeline.search.moves: goes with pipeline.schedule: \"zb-auto\", not with \"1f1b\"\n");
  CHECK(
      refused("activation_limit_micro_batches=[1, 2]", "zb-auto") ==
      "baton: pipeline.search.activation_limit_micro_batches: 2 numbers; must be one for all devices, or one for each "
      "of 4\n");
  CHECK(refused("seconds=-1", "zb-auto") == "baton: pipeline.search.seconds: -1 must be from 0 to 86400\n");
  CHECK(refused("activation_limit_micro_batches=2", "gpipe") ==
        "baton: pipeline.search.activation_limit_micro_batches: device 0 has 8 micro-batches of live activations; its "
        "limit "
        "is 2 micro-batches\n");
  CHECK(Baton({"simulate", kGpt, "--schedule=zb-auto", "--placement=v", "--objective=span"}).status == 0);
}

TEST_CASE("the frontier is a table and a picture") {
  const std::string path = NewPath("frontier");
  const CommandResult result = Run("frontier", "--moves=50 --from=2 --to=5 --svg=" + path);
  REQUIRE(result.status == 0);
  for (const char* line : {"\n    2  ", "\n    5  ", "\nfrom "}) CHECK(absl::StrContains(result.out, line));
  CHECK_FALSE(absl::StrContains(result.out, "\n    1  "));
  const std::string svg = ReadWhole(path);
  CHECK(absl::StartsWith(svg, "<svg "));
  for (const char* name : {">1f1b<", ">zb-v<", "zb-auto, searched for each limit"}) {
    CHECK(absl::StrContains(svg, name));
  }
  CHECK(absl::StrContains(Run("frontier", "--moves=0 --objective=span --placement=loop").out, "best of the catalog"));
}

TEST_CASE("an impossible frontier is refused in one sentence") {
  const auto refused = [](const std::string& more, const std::string& message) {
    const CommandResult result = Run("frontier", more);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(result.err == absl::StrCat("baton: ", message, "\n"));
  };
  refused("--from=5 --to=4", "--to: 4; must be from --from, 5, to 260");
  refused("--from=1 --to=1000", "--to: 1000; must be from --from, 1, to 256");
  refused("--activation-limit-micro-batches=3",
          "--activation-limit-micro-batches: baton frontier sets the limits itself; use --from and --to");
  refused("--svg=/no/such/folder/f.svg", "--svg: /no/such/folder/f.svg: cannot be opened: No such file or directory");
  refused("--from=0", "--from: \"0\" is not a whole number from 1 to 1000000; see baton frontier --help");
}

}  // namespace
}  // namespace baton
