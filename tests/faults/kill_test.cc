// `baton train` killed at random instants and resumed each time, with another number of stages or another schedule: the
// weights and the metrics of an undisturbed run. BATON_KILLS sets the number of kills.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr int kDefaultKills = 6;
constexpr int kMostStarts = 10'000;

std::vector<std::string> TrainCommand(const std::string& output, int stages, const std::string& schedule) {
  return {"tools/baton/baton",
          "train",
          "examples/gpt_host.textproto",
          "--output",
          output,
          "--resume",
          "--set",
          "model.gpt2={layers: 6 width: 32 heads: 2 context: 16 vocabulary: 256}",
          "--set",
          "data.text=tests/data/handbook.txt",
          "--set",
          "run.steps=60",
          "--set",
          "run.evaluate_every=0",
          "--set",
          "checkpoint={every: 3 keep: 2 keep_every: 12}",
          "--set",
          absl::StrCat("pipeline.stages=", stages),
          "--set",
          absl::StrCat("pipeline.schedule=", schedule)};
}

std::vector<std::pair<int, double>> LossesIn(const std::string& output) {
  std::vector<std::pair<int, double>> losses;
  for (const auto& line : absl::StrSplit(ReadWhole(output + "/metrics.jsonl"), '\n', absl::SkipEmpty())) {
    const nlohmann::json object = nlohmann::json::parse(line.begin(), line.end());
    losses.emplace_back(object.at("step").get<int>(), object.at("loss").get<double>());
  }
  return losses;
}

TEST_CASE("killed at any instant, a run that is resumed has the bits of an undisturbed one") {
  const char* const wanted = std::getenv("BATON_KILLS");
  const int kills = wanted == nullptr ? kDefaultKills : std::atoi(wanted);
  const std::string undisturbed = NewPath("undisturbed");
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(Command(TrainCommand(undisturbed, 2, "1f1b")).Wait().status == 0);
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;

  std::mt19937_64 random(11);
  const std::vector<std::pair<int, std::string>> ways = {{1, "1f1b"}, {2, "zb-h1"},   {3, "gpipe"},
                                                         {2, "1f1b"}, {3, "zb-auto"}, {6, "1f1b"}};
  int killed = 0, finished = 0;
  std::string output = NewPath("killed");
  for (int attempt = 0; attempt < kMostStarts && (killed < kills || finished == 0); ++attempt) {
    const auto& [stages, schedule] = ways[random() % ways.size()];
    CAPTURE(killed, stages, schedule);
    Command command(TrainCommand(output, stages, schedule));
    const bool kill = killed < kills;
    if (kill) {
      std::this_thread::sleep_for(whole * std::uniform_real_distribution<double>(0.02, 0.6)(random));
      command.Signal(SIGKILL);
    }
    const CommandResult result = command.Wait();
    INFO(result.err);
    if (result.status == 128 + SIGKILL) {
      ++killed;
      continue;
    }
    REQUIRE(result.status == 0);
    ++finished;
    CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(undisturbed + "/weights.safetensors")));
    CHECK(LossesIn(output) == LossesIn(undisturbed));
    output = NewPath("killed");
  }
  CHECK(killed >= kills);
  CHECK(finished > 0);
  WARN(killed << " kills, " << finished << " runs finished, each with the bits of the undisturbed one");
}

}  // namespace
}  // namespace baton
