// explain, whatif and pictures, as a user types them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/format.h"
#include "tests/testing/command.h"
#include "tests/testing/refused.h"

namespace baton {
namespace {

constexpr char kShards[] = "examples/two_shards.textproto";

// The first line that begins with `first`, as a row of a table does; empty if there is none.
std::string LineWith(const std::string& text, const std::string& first) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (absl::StartsWith(line, first)) return line;
  }
  return "";
}

std::vector<std::string> LastLines(const std::string& text, size_t count) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  REQUIRE(lines.size() >= count);
  return {lines.end() - static_cast<int64_t>(count), lines.end()};
}

CommandResult MustRun(const std::vector<std::string>& arguments) {
  CommandResult result = Baton(arguments);
  CAPTURE(arguments);
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  return result;
}

TEST_CASE("a trained step is explained from its trace, and ends with three sentences") {
  const std::string trace = NewPath("train.json");
  MustRun({"train", kShards, "--set", "run.steps=4", "--set", "run.evaluate_every=0", "--trace", trace});
  const std::string html = NewPath("explain.html");
  const std::string svg = NewPath("explain.svg");
  const CommandResult result = MustRun({"explain", "--trace", trace, "--html", html, "--svg", svg});
  CHECK(absl::StrContains(LineWith(result.out, "bubble"), " points"));
  CHECK_FALSE(LineWith(result.out, "later starts").empty());
  const auto sentences = LastLines(result.out, 3);
  CHECK(absl::StartsWith(sentences[0], "The step took "));
  CHECK(absl::StrContains(sentences[0], " than predicted; the bubble was "));
  CHECK(absl::StrContains(sentences[2], "the measured critical path"));
  for (const std::string& sentence : sentences) CHECK(absl::EndsWith(sentence, "."));
  CHECK(absl::StrContains(ReadWhole(html), "\"name\":\"predicted\""));
  CHECK(absl::StrContains(ReadWhole(svg), ", measured</text>"));
  // The job's own costs predict as well.
  const CommandResult job = MustRun({"explain", kShards, "--trace", trace});
  CHECK(absl::StrContains(job.out, "critical path, predicted: "));
  // The same file twice differs in nothing.
  const CommandResult twice = MustRun({"explain", "--trace", trace, "--trace", trace});
  CHECK(absl::StrContains(LastLines(twice.out, 3)[0], absl::StrCat("as long as in ", trace, "; the bubble was ")));
}

TEST_CASE("a step that ran before times had been measured has no prediction, and explain says how to get one") {
  const std::string trace = NewPath("first.json");
  const std::vector<std::string> train = {"train", kShards, "--set", "run.evaluate_every=0", "--trace", trace, "--set"};
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = train;
    arguments.insert(arguments.end(), more.begin(), more.end());
    MustRun(arguments);
  };
  for (const char* steps : {"run.steps=1", "run.steps=2"}) {
    run({steps});
    CheckRefused({"explain", "--trace", trace},
                 absl::StrCat(trace,
                              " contains no prediction of times: its step ran before any had been measured. For "
                              "one, train at least three steps, or with --costs=FILE of baton profile, or set "
                              "devices.rates; or give baton explain a job, flags or a second --trace"));
  }
  // Rates and tables have times from the start.
  run({"run.steps=1", "--set", "devices.rates={ matmul_tflops: 1 memory_gbps: 10 }"});
  MustRun({"explain", "--trace", trace});
}

TEST_CASE("settings of a what-if are counted by sequence or example with a job, and show memory") {
  const auto rows = [](const std::vector<std::string>& arguments) {
    return nlohmann::json::parse(MustRun(arguments).out);
  };
  const std::string job = "examples/two_nodes.textproto";
  const nlohmann::json report =
      rows({"whatif", job, "batch.micro_batches=128", "batch.sequences=256", "--format=json"});
  CHECK(report.at("part") == "sequence");
  for (size_t i = 1; i < 3; ++i) {
    const nlohmann::json& row = report.at("rows")[i];
    // Against a simulation of the changed job.
    const nlohmann::json fresh = rows({"simulate", job, "--set", row.at("change").get<std::string>(), "--format=json"});
    CHECK(row.at("step_time_us") == fresh.at("step_time_us"));
    const double sequences = i == 2 ? 256 : 128;
    CHECK(row.at("part_time_us").get<double>() == Approx(row["step_time_us"].get<double>() / sequences));
    CHECK(row.at("part_time_change").get<double>() ==
          Approx(row["part_time_us"].get<double>() / report["rows"][0]["part_time_us"].get<double>() - 1));
    double most = 0;
    for (const auto& bytes : fresh.at("peak_bytes")) most = std::max(most, bytes.get<double>());
    CHECK(row.at("peak_bytes") == most);
  }
  CHECK(absl::StrContains(MustRun({"whatif", kShards, "chunk 0 2x faster"}).out, "an example"));
  CHECK(rows({"whatif", "--stages=2", "--micro-batches=2", "micro_batches=4", "--format=json"}).at("part") ==
        "micro-batch");
  // More than the device has.
  CHECK(absl::StrContains(MustRun({"whatif", job, "batch.sequences=2048"}).out,
                          "batch.sequences=2048 does not fit: devices.memory_gib: "));
}

TEST_CASE("a table of costs holds for the job that it was made for") {
  const std::string costs = NewPath("costs.csv");
  MustRun({"profile", kShards, "--repeats=1", "-o", costs});
  MustRun({"whatif", kShards, "--costs", costs, "pipeline.schedule=gpipe"});
  CheckRefused(
      {"whatif", kShards, "--costs", costs, "batch.sequences=128"},
      "\"batch.sequences=128\": --costs: the table holds for the job without this change, which changes the times "
      "of layers; leave out --costs");
  const std::string tensor = "parallel={tensor: 2}";
  const std::string job = "examples/two_replicas.textproto";
  MustRun({"profile", job, "--set", tensor, "--repeats=1", "-o", costs});
  CheckRefused({"whatif", job, "--set", tensor, "--costs", costs, "parallel.tensor_sequence=true"},
               "\"parallel.tensor_sequence=true\": --costs: the table holds for the job without this change, which "
               "changes the times of layers; leave out --costs");
}

TEST_CASE("a rehearsed step is explained; another program's trace is refused") {
  const std::string trace = NewPath("rehearse.json");
  const std::string html = NewPath("rehearse.html");
  const std::vector<std::string> pipeline = {"--stages=2", "--micro-batches=3", "--forward=1ms", "--backward-input=1ms",
                                             "--backward-weight=1ms"};
  std::vector<std::string> rehearse = {"rehearse", "--steps=1", "--trace", trace, "--html", html};
  rehearse.insert(rehearse.end(), pipeline.begin(), pipeline.end());
  MustRun(rehearse);
  CHECK(absl::StrContains(ReadWhole(html), "\"name\":\"measured\""));
  MustRun({"explain", "--trace", trace});
  std::vector<std::string> flags = {"explain", "--trace", trace};
  flags.insert(flags.end(), pipeline.begin(), pipeline.end());
  MustRun(flags);
  CheckRefused({"explain", "--trace", trace, "--stages=4", "--micro-batches=3"},
               absl::StrCat(trace,
                            " is of another program: 1f1b with 2 chunks on 2 devices and 3 micro-batches; described is "
                            "1f1b with 4 chunks on 4 devices and 3 micro-batches"));
  CheckRefused({"explain", "--trace", trace, "--trace", trace, "--stages=2", "--micro-batches=3"},
               "--trace: given twice, so nothing is predicted; leave out the job and its flags");
  CheckRefused({"explain", "--trace", html}, absl::StrCat(html, ": not JSON, or truncated"));
  CheckRefused({"explain", "--trace", "/nonexistent"}, "cannot read trace /nonexistent: No such file or directory");
  CheckRefused({"explain"}, "--trace is required; see baton explain --help");
}

TEST_CASE("the trace of a rehearsal is of the step that the text reports, and the text says how late a sleep ends") {
  const std::string trace = NewPath("median.json");
  const CommandResult result =
      MustRun({"rehearse", "--stages=2", "--micro-batches=4", "--forward=100us", "--backward-input=100us",
               "--backward-weight=100us", "--steps=9", "--trace", trace});
  double end_us = 0;
  const nlohmann::json json = nlohmann::json::parse(ReadWhole(trace));
  for (const auto& event : json.at("traceEvents")) {
    if (event.at("ph") == "X") end_us = std::max(end_us, event.at("ts").get<double>() + event.at("dur").get<double>());
  }
  const std::string step = FormatDuration(static_cast<Nanos>(std::llround(end_us * 1000)));
  const std::vector<std::string> words = Words(LineWith(result.out, "step"));  // step 1.50 ms 1.57 ms +4.57 %
  REQUIRE(words.size() == 7);
  CHECK(absl::StrCat(words[3], " ", words[4]) == step);
  CHECK(absl::StrContains(LastLines(result.out, 1)[0], "a sleep ends "));
}

TEST_CASE("what-ifs are simulated: changes of costs, settings, several at once") {
  const std::vector<std::string> base = {"whatif", "--stages=4", "--micro-batches=8", "--transfer=1ms"};
  auto with = [&](const std::vector<std::string>& changes) {
    std::vector<std::string> arguments = base;
    arguments.insert(arguments.end(), changes.begin(), changes.end());
    return arguments;
  };
  const CommandResult result = MustRun(with(
      {"link 2x faster", "chunk 3 20% faster, link 0-1 2x slower", "micro_batches=16", "schedule=zb-h1,stages=2"}));
  // The same predictions by simulate.
  const CommandResult slower = MustRun({"simulate", "--stages=4", "--micro-batches=8", "--transfer=1ms"});
  const CommandResult faster = MustRun({"simulate", "--stages=4", "--micro-batches=8", "--transfer=0.5ms"});
  const CommandResult other =
      MustRun({"simulate", "--stages=2", "--micro-batches=8", "--transfer=1ms", "--schedule=zb-h1"});
  auto bubble_of = [](const CommandResult& simulated) {
    const std::string line = LineWith(simulated.out, "step ");
    return line.substr(line.find("bubble ") + 7, line.find(" %") - line.find("bubble ") - 5);
  };
  CHECK(absl::StrContains(LineWith(result.out, "(as it is)"), bubble_of(slower)));
  CHECK(absl::StrContains(LineWith(result.out, "link 2x faster"), bubble_of(faster)));
  CHECK(absl::StrContains(LineWith(result.out, "schedule=zb-h1,stages=2"), bubble_of(other)));
  CHECK_FALSE(LineWith(result.out, "chunk 3 20% faster, link 0-1 2x slower").empty());
  CheckRefused(with({}), "give a change, like \"link 2x faster\" or micro_batches=64, or --gradient");
  CheckRefused(with({"chunk 4 2x faster"}), "\"chunk 4 2x faster\": there is no chunk 4; there are 4, numbered from 0");
  CheckRefused(with({"micro_batches=many"}), "\"micro_batches=many\": micro_batches must be a whole number from 1");
  CHECK(Baton(with({"wheels=4"})).status == 2);
  CHECK(Baton(with({"chunk 1 quicker"})).status == 2);
}

TEST_CASE("a job's fields can be settings of a what-if") {
  const CommandResult result = MustRun({"whatif", kShards, "batch.micro_batches=2", "chunk 1 2x faster", "--gradient"});
  CHECK_FALSE(LineWith(result.out, "batch.micro_batches=2").empty());
  CHECK(absl::StrContains(result.out, "chunk 1 forward"));
  CHECK(Baton({"whatif", kShards, "batch.micro_batchse=2"}).status == 2);
}

TEST_CASE("pictures leave printed text unchanged, and cannot overwrite each other") {
  const std::string svg = NewPath("one.svg");
  const std::string html = NewPath("one.html");
  const std::vector<std::string> plain = {"simulate", "--stages=3", "--micro-batches=4", "--schedule=zb-h1"};
  std::vector<std::string> with = plain;
  with.insert(with.end(), {"--svg", svg, "--html", html});
  CHECK(MustRun(with).out == MustRun(plain).out);
  CHECK(absl::StartsWith(ReadWhole(svg), "<svg "));
  CHECK(absl::StartsWith(ReadWhole(html), "<!doctype html>"));
  const std::string all = NewPath("all.html");
  MustRun({"compare", "--stages=4", "--micro-batches=8", "--schedules=1f1b,zb-v", "--html", all});
  CHECK(absl::StrContains(ReadWhole(all), "\"name\":\"zb-v\""));
  CheckRefused({"simulate", "--stages=2", "--micro-batches=2", "--svg", svg, "--html", svg},
               absl::StrCat("--svg and --html: both name ", svg));
  CheckRefused({"compare", "--stages=2", "--micro-batches=2", "--html=/nonexistent/a.html"},
               "--html: /nonexistent/a.html: cannot be opened: No such file or directory");
}

TEST_CASE("a trace of train is valid for Perfetto and contains the prediction") {
  const std::string output = NewPath("run");
  MustRun({"train", kShards, "--set", "run.steps=3", "--set", "run.evaluate_every=0", "--output", output});
  const nlohmann::json json = nlohmann::json::parse(ReadWhole(output + "/trace.json"));
  int slices = 0, counters = 0;
  for (const auto& event : json.at("traceEvents")) {
    if (event.at("ph") == "X") {
      ++slices;
      CHECK(event.at("args").at("predicted_end_us") >= event.at("args").at("predicted_start_us"));
    }
    if (event.at("ph") == "C") ++counters;
  }
  CHECK(slices > 0);
  CHECK(counters > 0);
}

}  // namespace
}  // namespace baton
