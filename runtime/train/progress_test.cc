// Which lines stay, and which are written over.
#include "runtime/train/progress.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/text_table.h"

namespace baton {
namespace {

StepMetrics Metrics(int64_t step) {
  StepMetrics metrics;
  metrics.step = step;
  metrics.loss = 5.25;
  metrics.step_ms = 12.5;
  metrics.tokens_per_second = 1000;
  metrics.model_tflops = 0.0125;
  metrics.bubble_ratio = 0.2;
  metrics.predicted_bubble_ratio = 0.25;
  return metrics;
}

TEST_CASE("a file gets the first, the last and every tenth step, and evaluations") {
  std::ostringstream log;
  Progress progress({&log, nullptr, 25, 10, "tokens"});
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
                          "step 10/25  loss 5.2500    1000 tokens/s  0.0125 TFLOP/s  12.5 ms  bubble 20.0 % (predicted "
                          "25.0 %)  0:00 left\n"));
}

TEST_CASE("on a terminal a step is written over, and other lines begin on their own") {
  std::ostringstream log;
  Progress progress({&log, [] { return 80; }, 25, 10, "tokens"});
  progress.Show(Metrics(2));
  CHECK(absl::StartsWith(log.str(), "\r\033[Kstep  2/25  loss 5.2500  "));
  CHECK(absl::EndsWith(log.str(), "[#...............]  0:00 left"));
  progress.Log("stopped");
  CHECK(absl::EndsWith(log.str(), " left\nstopped\n"));
  progress.EndLine();
  CHECK(absl::EndsWith(log.str(), "stopped\n"));
}

TEST_CASE("the line fits every terminal from 40 columns, and always has step, loss and time left") {
  for (int columns = 40; columns <= 160; ++columns) {
    std::ostringstream log;
    Progress progress({&log, [columns] { return columns; }, 9999, 10, "tokens"});
    StepMetrics metrics = Metrics(999);
    metrics.predicted_step_ms = 12.0;
    progress.Show(metrics);
    const std::string line(absl::StripPrefix(log.str(), "\r\033[K"));
    CAPTURE(columns, line);
    CHECK(DisplayWidth(line) < columns);
    CHECK(absl::StartsWith(line, "step  999/9999  loss 5.2500  "));
    CHECK(absl::EndsWith(line, " left"));
    if (columns >= 60) CHECK(absl::StrContains(line, "[##..............]"));
    if (columns >= 150) CHECK(absl::StrContains(line, "12.5 ms (predicted 12.0 ms)  bubble 20.0 % (predicted 25.0 %)"));
  }
}

TEST_CASE("without a log nothing is printed") {
  Progress progress({nullptr, nullptr, 25, 10, "tokens"});
  progress.Show(Metrics(1));
  progress.Log("line");
}

}  // namespace
}  // namespace baton
