// The command line from outside: help, printed text against tests/golden, --costs, and the JSON of compare. Refused
// input: refusals_test.cc.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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
  const std::string command =
      GENERATE("train", "launch", "check-cluster", "compile", "simulate", "compare", "frontier", "profile", "rehearse", "explain",
               "whatif", "schedules", "verify", "checkpoint", "generate", "evaluate", "model", "completion", "");
  const CommandResult result = command.empty() ? Baton({"--help"}) : Baton({command, "--help"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(absl::StrContains(result.out, "Examples:\n  baton "));
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
      for (const char* number : {"step_time_us", "bubble_ratio", "span_bubble_ratio", "span_us"}) {
        CHECK_FALSE(row.contains(number));
      }
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

TEST_CASE("every command that prints a table prints it as JSON too") {
  const std::string order = WriteNewFile("0F0,0B0\n");
  const std::string trace = NewPath("trace.json");
  const std::string sizes = " --stages=2 --micro-batches=2 --forward=1ms --backward-input=1ms --backward-weight=1ms";
  REQUIRE(Baton(Words("rehearse --steps=1 --trace " + trace + sizes)).status == 0);
  struct Report {
    std::string arguments;
    std::string field;  // of the report, with something in it
  };
  const Report report = GENERATE_COPY(
      Report{"simulate" + sizes, "devices"}, Report{"compile" + sizes, "devices"}, Report{"compare" + sizes, "rows"},
      Report{"frontier --moves=0" + sizes, "rows"}, Report{"whatif micro_batches=4 --gradient" + sizes, "gradient"},
      Report{"rehearse --steps=2" + sizes, "measured_step_times_us"}, Report{"explain --trace " + trace, "sentences"},
      Report{"schedules", "schedules"}, Report{"verify " + order, "summary"},
      Report{"profile examples/two_shards.textproto --repeats=1", "chunks"});
  CAPTURE(report.arguments);
  const CommandResult result = Baton(Words(report.arguments + " --format=json"));
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  CHECK_FALSE(nlohmann::json::parse(result.out).at(report.field).empty());
}

TEST_CASE("peaks in micro-batches are counted as limits count them") {
  const std::string searched =
      "simulate --stages=8 --micro-batches=24 --forward=18.522ms --backward-input=18.086ms --backward-weight=9.337ms "
      "--transfer=0.601ms --schedule=zb-auto --placement=v --activation-limit-micro-batches=8 "
      "--weight-activation-fraction=0.366 --moves=1000 --format=json";
  const CommandResult result = Baton(Words(searched));
  REQUIRE(result.status == 0);
  const nlohmann::json report = nlohmann::json::parse(result.out);
  double most_live = 0;
  for (size_t device = 0; device < 8; ++device) {
    CHECK(report.at("peak_micro_batches")[device] <= 8);
    CHECK(report["peak_micro_batches"][device] <= report.at("live_micro_batches")[device]);
    most_live = std::max(most_live, report["live_micro_batches"][device].get<double>());
  }
  CHECK(most_live > 8);
}

TEST_CASE("the version, and help as a command") {
  CHECK(absl::StartsWith(Baton({"--version"}).out, "baton "));
  CHECK(Baton({"help"}).out == Baton({"--help"}).out);
  CHECK(Baton({"help", "whatif"}).out == Baton({"whatif", "--help"}).out);
  CHECK(absl::StrContains(Baton({"help", "trian"}).err, "did you mean \"train\"?"));
}

// Runs a line of shell.
CommandResult Shell(const std::string& line) { return Command({"/bin/bash", "-c", line}).Wait(); }

TEST_CASE("- is standard input, and a file needs no flag") {
  const std::string order = WriteNewFile("0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B1\n");
  const CommandResult by_flag = Baton({"verify", "--order", order});
  CHECK(by_flag.status == 0);
  CHECK(Baton({"verify", order}).out == by_flag.out);
  CHECK(Shell("tools/baton/baton verify - < " + order).out == by_flag.out);
  CHECK(Shell("tools/baton/baton simulate --order=- < " + order).out == Baton({"simulate", "--order", order}).out);
  const std::string job = "examples/four_devices.textproto";
  CHECK(Shell("tools/baton/baton compile - < " + job).out == Baton({"compile", job}).out);
  CHECK(
      absl::StartsWith(Shell("echo 'run {}' | tools/baton/baton simulate -").err, "baton: batch.sequences is missing"));
  CHECK(Shell("echo 'rum {}' | tools/baton/baton simulate -").err ==
        "baton: standard input:1:1: a job has no field \"rum\"; did you mean \"run\"?\n");
}

TEST_CASE("bash completes commands, options, their choices, schedules and files") {
  const std::string script = NewPath("completion.bash");
  REQUIRE(Shell("tools/baton/baton completion bash > " + script).status == 0);
  // Completes the last of the words, which are split as bash does.
  const auto completed = [&](const std::string& words) {
    return Words(Shell("source " + script + "; COMP_WORDS=(" + words +
                       "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _baton; echo \"${COMPREPLY[@]}\"")
                     .out);
  };
  const auto first = [&](const std::string& words) {
    const std::vector<std::string> all = completed(words);
    return all.empty() ? std::string() : std::string(absl::StripSuffix(all.front(), "\n"));
  };
  CHECK(first("baton tra") == "train");
  CHECK(first("baton help prof") == "profile");
  CHECK(first("baton train --outp") == "--output");
  CHECK(first("baton gen") == "generate");
  CHECK(first("baton eval") == "evaluate");
  CHECK(first("baton mod") == "model");
  CHECK(completed("baton generate --top") == std::vector<std::string>{"--top-p\n"});
  CHECK(completed("baton generate --prompt-").front() == "--prompt-ids\n");
  CHECK(completed("baton evaluate --al").front() == "--all\n");
  CHECK(completed("baton model --co").front() == "--costs\n");
  CHECK(first("baton model --format te") == "text");
  CHECK(first("baton model examples/gpt_h") == "examples/gpt_host.textproto");
  CHECK(first("baton simulate --format js") == "json");
  CHECK(first("baton simulate --format = te") == "text");
  CHECK(first("baton simulate --schedule = zb-a") == "zb-auto");
  CHECK(first("baton schedules dualpipe-") == "dualpipe-v");
  CHECK(first("baton train examples/gpt_h") == "examples/gpt_host.textproto");
  // Every option of every command.
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const std::string text = Baton({"completion", shell}).out;
    for (const char* name : {"no-graphs", "weight-activation-fraction", "gradient", "transfers"}) {
      CHECK(absl::StrContains(text, name));
    }
    CHECK(absl::StrContains(text, "looped-bfs"));
  }
  CHECK(Baton({"completion", "tcsh"}).status == 2);
}

TEST_CASE("bare zeros need no unit") {
  const std::string sizes = "simulate --stages=2 --micro-batches=2 ";
  CHECK(Baton(Words(sizes + "--transfer=0 --bandwidth=0 --message-bytes=0 --activation-bytes=0")).out ==
        Baton(Words(sizes)).out);
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
