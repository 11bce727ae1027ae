// Lines of metrics are JSON and come in order.
#include "runtime/train/metrics.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "absl/strings/match.h"

namespace baton {
namespace {

StepMetrics Example() {
  StepMetrics metrics;
  metrics.step = 7;
  metrics.loss = 5.5451774597167969;
  metrics.grad_norm = 2;
  metrics.learning_rate = 3.5e-4;
  metrics.step_ms = 12.25;
  metrics.predicted_step_ms = 12.5;
  metrics.tokens_per_second = 167000;
  metrics.examples_per_second = 1304.6875;
  metrics.model_tflops = 0.125;
  metrics.bubble_ratio = 0.3;
  metrics.predicted_bubble_ratio = 0.25;
  return metrics;
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("a line is one JSON object") {
  StepMetrics metrics = Example();
  CHECK(MetricsLine(metrics) ==
        "{\"step\":7,\"loss\":5.54517746,\"grad_norm\":2,\"learning_rate\":0.00035,\"step_ms\":12.25,"
        "\"predicted_step_ms\":12.5,"
        "\"tokens_per_second\":167000,\"examples_per_second\":1304.6875,\"model_tflops\":0.125,\"bubble_ratio\":0.3,"
        "\"predicted_bubble_ratio\":0.25}");
  metrics.held_out_loss = 1e-10;
  const auto json = nlohmann::json::parse(MetricsLine(metrics));
  CHECK(json.size() == 12);
  metrics.tokens_per_second.reset();
  CHECK_FALSE(nlohmann::json::parse(MetricsLine(metrics)).contains("tokens_per_second"));
  CHECK(json["held_out_loss"] == 1e-10);
}

TEST_CASE("the loss of a float reads back as the same float") {
  float loss = 11.0f;
  for (int i = 0; i < 1000; ++i) {
    loss *= 0.9931f;
    StepMetrics metrics = Example();
    metrics.loss = loss;
    CHECK(nlohmann::json::parse(MetricsLine(metrics))["loss"].get<float>() == loss);
  }
}

TEST_CASE("what JSON has no number for is null, and named") {
  StepMetrics metrics = Example();
  CHECK_FALSE(nlohmann::json::parse(MetricsLine(metrics)).contains("nonfinite"));
  metrics.loss = -std::numeric_limits<double>::infinity();
  metrics.grad_norm = std::numeric_limits<double>::infinity();
  metrics.predicted_step_ms.reset();
  metrics.held_out_loss = -std::numeric_limits<double>::quiet_NaN();
  metrics.skipped = true;
  const nlohmann::json line = nlohmann::json::parse(MetricsLine(metrics));
  for (const char* key : {"loss", "grad_norm", "predicted_step_ms", "held_out_loss"}) CHECK(line[key].is_null());
  CHECK(line["nonfinite"] == nlohmann::json::parse(R"({"loss": "-inf", "grad_norm": "inf", "held_out_loss": "nan"})"));
  CHECK(line["skipped"] == true);
}

TEST_CASE("each line is in the file at once, and an old file is emptied") {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/metrics.jsonl";
  std::ofstream(path) << "old";
  const auto writer = MetricsWriter::Create(path);
  REQUIRE(writer.ok());
  CHECK((*writer)->Write(Example()).ok());
  CHECK(ReadAll(path) == MetricsLine(Example()) + "\n");
  CHECK((*writer)->Write(Example()).ok());
  CHECK(ReadAll(path) == MetricsLine(Example()) + "\n" + MetricsLine(Example()) + "\n");
}

TEST_CASE("an error names the path of a missing folder") {
  const auto writer = MetricsWriter::Create("/nonexistent/metrics.jsonl");
  CHECK(writer.status().code() == absl::StatusCode::kNotFound);
  CHECK(absl::StrContains(writer.status().message(), "/nonexistent/metrics.jsonl"));
}

TEST_CASE("an error names the path on a full disk") {
  const auto writer = MetricsWriter::Create("/dev/full");
  REQUIRE(writer.ok());
  const absl::Status status = (*writer)->Write(Example());
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(absl::StrContains(status.message(), "/dev/full"));
}

}  // namespace
}  // namespace baton
