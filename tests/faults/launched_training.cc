// Command lines, and what a run leaves.
#include "tests/faults/launched_training.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace baton {

std::vector<std::string> ArgumentsOf(const TrainingToLaunch& training) {
  std::vector<std::string> arguments = {"/usr/bin/env", "BATON_HEARTBEAT=2s"};
  const auto add = [&](const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  add(training.environment);
  arguments.push_back("tools/baton/baton");
  if (training.processes > 1) {
    add({"launch", "-n", absl::StrCat(training.processes)});
    add(training.launch);
    arguments.push_back("--");
  }
  add({"train", "examples/gpt_host.textproto", "--output", training.output});
  for (const char* const assignment :
       {"model.gpt2={layers: 4 width: 32 heads: 2 context: 16 vocabulary: 256}", "data.text=tests/data/handbook.txt",
        "run.steps=24", "run.evaluate_every=0", "checkpoint={every: 3 keep: 2}", "pipeline.stages=4",
        "pipeline.schedule=zb-h1", "batch.sum_groups=2"}) {
    add({"--set", assignment});
  }
  add(training.train);
  return arguments;
}

CommandResult Run(const TrainingToLaunch& training) { return Command(ArgumentsOf(training)).Wait(); }

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::istringstream list(ReadWhole(absl::StrCat("/proc/", parent, "/task/", parent, "/children")));
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

std::vector<std::pair<int, double>> LossesIn(const std::string& output) {
  std::vector<std::pair<int, double>> losses;
  for (const auto& line : absl::StrSplit(ReadWhole(output + "/metrics.jsonl"), '\n', absl::SkipEmpty())) {
    const nlohmann::json object = nlohmann::json::parse(line.begin(), line.end());
    losses.emplace_back(object.at("step").get<int>(), object.at("loss").get<double>());
  }
  return losses;
}

const std::string& Undisturbed(const std::vector<std::string>& train) {
  static auto* const outputs = new std::map<std::vector<std::string>, std::string>;
  std::string& output = (*outputs)[train];
  if (!output.empty()) return output;
  TrainingToLaunch alone;
  alone.output = NewPath("undisturbed");
  alone.processes = 1;
  alone.train = train;
  const CommandResult result = Run(alone);
  INFO(result.err);
  REQUIRE(result.status == 0);
  output = alone.output;
  return output;
}

void CheckSameAsUndisturbed(const std::string& output, const std::vector<std::string>& train) {
  const std::string& undisturbed = Undisturbed(train);
  CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(undisturbed + "/weights.safetensors")));
  CHECK(LossesIn(output) == LossesIn(undisturbed));
}

}  // namespace baton
