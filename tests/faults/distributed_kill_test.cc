// Any process of a training run is killed at a random instant, again and again; baton launch starts the run again,
// which goes on from the last checkpoint: the weights and the metrics of an undisturbed run. Some runs have two
// replicas that share the optimizer state, others stages of which each device is in a process of its own. BATON_KILLS
// sets the number of kills.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/launched_training.h"

namespace baton {
namespace {

constexpr int kDefaultKills = 6;

TEST_CASE("killed at random instants and started again, a run has the bits of an undisturbed one") {
  const char* const wanted = std::getenv("BATON_KILLS");
  const int kills = wanted == nullptr ? kDefaultKills : std::atoi(wanted);
  const auto start = std::chrono::steady_clock::now();
  (void)Undisturbed();
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;
  std::mt19937_64 random(5);
  int killed = 0, finished = 0;
  while (killed < kills || finished == 0) {
    TrainingToLaunch training;
    training.output = NewPath("killed");
    training.processes = 2 + static_cast<int>(random() % 3);
    training.launch = {"--max-restarts", "100"};
    training.train = {"--resume"};
    std::vector<std::string> layers;  // of which the bits depend
    if (const auto layout = random() % 3; layout == 0) {
      // Each process then has pieces of the optimizer state.
      training.train.insert(training.train.end(),
                            {"--set", "pipeline.stages=2", "--set", "parallel={replicas: 2 zero: 1}"});
    } else if (layout == 1) {
      // Processes then meet within passes.
      layers = kTwoMembers;
      training.processes = 4;
      training.train.insert(training.train.end(), layers.begin(), layers.end());
    }
    CAPTURE(killed, training.processes);
    Command command(ArgumentsOf(training));
    // Two kills a run, so that it also ends.
    for (int i = 0; i < 2 && killed < kills; ++i) {
      std::this_thread::sleep_for(whole * std::uniform_real_distribution<double>(0.05, 1.2)(random));
      const std::vector<pid_t> children = ChildrenOf(command.pid());
      if (children.empty()) continue;
      kill(children[random() % children.size()], SIGKILL);
      ++killed;
    }
    const CommandResult result = command.Wait();
    INFO(result.out << result.err);
    REQUIRE(result.status == 0);
    ++finished;
    CheckSameAsUndisturbed(training.output, layers);
  }
  WARN(killed << " kills, " << finished << " runs finished, each with the bits of the undisturbed one");
}

}  // namespace
}  // namespace baton
