// `baton train` with a failure at every write, sync, rename and removal in turn: whatever it leaves, --resume computes
// the bits of the undisturbed run, and metrics.jsonl has each step once.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/failpoint.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

// More than any name is called in a run. A kill comes at every call, the other failures at the first few.
constexpr int kMostCalls = 1000;
constexpr int kFewCalls = 5;

CommandResult Train(const std::string& output, const std::vector<std::string>& more, const std::string& failure = "") {
  std::vector<std::string> arguments = {"/usr/bin/env", absl::StrCat("BATON_FAIL=", failure),  "tools/baton/baton",
                                        "train",        "tests/faults/checkpointed.textproto", "--output",
                                        output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Command(arguments).Wait();
}

using Losses = std::vector<std::pair<int, double>>;

Losses LossesIn(const std::string& output) {
  Losses losses;
  for (const auto& line : absl::StrSplit(ReadWhole(output + "/metrics.jsonl"), '\n', absl::SkipEmpty())) {
    const nlohmann::json object = nlohmann::json::parse(line.begin(), line.end());
    losses.emplace_back(object.at("step").get<int>(), object.at("loss").get<double>());
  }
  return losses;
}

struct Undisturbed {
  std::string weights;
  Losses losses;
};

const Undisturbed& TheUndisturbed() {
  static const Undisturbed* undisturbed = [] {
    const std::string output = NewPath("undisturbed");
    const CommandResult result = Train(output, {});
    INFO(result.err);
    REQUIRE(result.status == 0);
    return new Undisturbed{ReadWhole(output + "/weights.safetensors"), LossesIn(output)};
  }();
  return *undisturbed;
}

// The run after the failure has other stages.
void CheckResumed(const std::string& output, bool has_metrics = true) {
  const CommandResult resumed = Train(output, {"--resume", "--set", "pipeline.stages=2"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK((ReadWhole(output + "/weights.safetensors") == TheUndisturbed().weights));
  if (has_metrics) CHECK(LossesIn(output) == TheUndisturbed().losses);
}

TEST_CASE("whatever fails at whatever call, --resume has the bits of the undisturbed run") {
  const std::string action = GENERATE("kill", "exit", "enospc", "eio");
  for (const absl::string_view name : FailpointNames()) {
    if (name == "resume.move" || name == "metrics.cut") continue;  // the case below
    // Those of several processes: control_faults_test.cc and distributed_failpoints_test.cc.
    if (absl::StartsWith(name, "control.") || absl::StartsWith(name, "data.")) continue;
    int failed = 0;
    for (int nth = 1; nth < kMostCalls; ++nth) {
      const std::string failure = absl::StrCat(name, ":", nth, ":", action);
      CAPTURE(failure);
      const std::string output = NewPath("failed");
      const CommandResult result = Train(output, {}, failure);
      const bool ends = action == "kill" || action == "exit";
      const bool happened = ends ? result.status == (action == "kill" ? 128 + 9 : 70)
                                 : result.status != 0 || result.out.find("injected at") != std::string::npos;
      // Training goes on without metrics once they cannot be written.
      if (happened) CheckResumed(output, ends || name != "metrics.write");
      std::filesystem::remove_all(output);
      if (!happened) {
        CHECK(result.status == 0);
        break;
      }
      ++failed;
      if (action != "kill" && nth == kFewCalls) break;
    }
    CHECK(failed > 0);
  }
}

TEST_CASE("a failure while --resume makes room costs nothing") {
  for (const char* name : {"resume.move", "metrics.cut"}) {
    for (const char* action : {"kill", "exit", "enospc", "eio"}) {
      const std::string failure = absl::StrCat(name, ":1:", action);
      CAPTURE(failure);
      const std::string output = NewPath("resumed");
      REQUIRE(Train(output, {}).status == 0);
      const std::vector<std::string> back = {absl::StrCat("--resume=", output, "/checkpoints/step-000004")};
      const CommandResult failed = Train(output, back, failure);
      const std::map<std::string, int> statuses = {{"kill", 128 + 9}, {"exit", 70}, {"enospc", 2}, {"eio", 2}};
      CHECK(failed.status == statuses.at(action));
      CheckResumed(output);
      REQUIRE(Train(output, back).status == 0);
      CheckResumed(output);
      CHECK(std::filesystem::exists(output + "/metrics.jsonl.discarded"));
    }
  }
}

}  // namespace
}  // namespace baton
