// Which lines stay, and which are written over.
#include "runtime/train/progress.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "absl/strings/match.h"

namespace baton {
namespace {

StepMetrics Metrics(int64_t step) {
  StepMetrics metrics;
  metrics.step = step;
  metrics.loss = 5.25;
  metrics.step_ms = 12.5;
  metrics.tokens_per_second = 1000;
  metrics.bubble_ratio = 0.2;
  metrics.predicted_bubble_ratio = 0.25;
  return metrics;
}

TEST_CASE("a file gets the first, the last and every tenth step, and evaluations") {
  std::ostringstream log;
  Progress progress({&log, false, 25, 10, "tokens"});
  for (int64_t step = 1; step <= 25; ++step) {
    StepMetrics metrics = Metrics(step);
    if (step == 7) metrics.held_out_loss = 4.5;
    if (step == 20) metrics.predicted_step_ms = 12.0;
    const std::string before = log.str();
    progress.Show(metrics);
    const std::string line = log.str().substr(before.size());
    CAPTURE(step, line);
    const bool stays = step == 1 || step == 7 || step == 10 || step == 20 || step == 25;
    CHECK(line.empty() != stays);
    CHECK(absl::StrContains(line, "held-out loss 4.5000") == (step == 7));
    CHECK(absl::StrContains(line, "12.5 ms (predicted 12.0 ms)") == (step == 20));
  }
  CHECK(absl::StrContains(log.str(),
                          "step 10/25  loss 5.2500    1000 tokens/s  12.5 ms  bubble 20.0 % (predicted "
                          "25.0 %)  0:00 left\n"));
}

TEST_CASE("on a terminal a step is written over, and other lines begin on their own") {
  std::ostringstream log;
  Progress progress({&log, true, 25, 10, "tokens"});
  progress.Show(Metrics(2));
  CHECK(absl::StartsWith(log.str(), "\r\033[K\033[?7lstep  2/25"));
  CHECK(absl::EndsWith(log.str(), " left\033[?7h"));
  progress.Log("stopped");
  CHECK(absl::EndsWith(log.str(), " left\033[?7h\nstopped\n"));
  progress.EndLine();
  CHECK(absl::EndsWith(log.str(), "stopped\n"));
}

TEST_CASE("without a log nothing is printed") {
  Progress progress({nullptr, true, 25, 10, "tokens"});
  progress.Show(Metrics(1));
  progress.Log("line");
}

}  // namespace
}  // namespace baton
