// Event files are read back record by record, with an own check of lengths and sums.
#include "runtime/train/tensorboard.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

std::string NewFolder(const std::string& name) {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name);
  std::filesystem::remove_all(folder);
  return folder;
}

uint64_t Number(const std::string& text, size_t at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

// The events of all files of a folder, in the order of their names.
std::vector<proto::TensorboardEvent> ReadEvents(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  std::vector<proto::TensorboardEvent> events;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (size_t at = 0; at < text.size();) {
      REQUIRE(at + 12 <= text.size());
      const size_t length = Number(text, at, 8);
      REQUIRE(at + 16 + length <= text.size());
      const auto unmask = [&](size_t where) {
        const auto rotated = static_cast<uint32_t>(Number(text, where, 4)) - 0xa282ead8u;
        return (rotated >> 17) | (rotated << 15);
      };
      CHECK(unmask(at + 8) == Crc32c(text.substr(at, 8)));
      CHECK(unmask(at + 12 + length) == Crc32c(text.substr(at + 12, length)));
      events.emplace_back();
      REQUIRE(events.back().ParseFromString(text.substr(at + 12, length)));
      at += 16 + length;
    }
  }
  return events;
}

std::map<std::string, float> ValuesOf(const proto::TensorboardEvent& event) {
  std::map<std::string, float> values;
  for (const auto& value : event.summary().value()) values[value.tag()] = value.simple_value();
  return values;
}

StepMetrics MetricsOf(int64_t step) {
  StepMetrics metrics;
  metrics.step = step;
  metrics.loss = 2.5;
  metrics.grad_norm = 1.25;
  metrics.learning_rate = 1e-3;
  metrics.examples_per_second = 64;
  metrics.model_tflops = 0.5;
  return metrics;
}

TEST_CASE("sums are those of RFC 3720, appendix B.4") {
  CHECK(Crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(Crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  CHECK(Crc32c(ascending) == 0x46dd794eu);
  CHECK(Crc32c("123456789") == 0xe3069283u);
  CHECK(Crc32c("6789", Crc32c("12345")) == 0xe3069283u);
}

TEST_CASE("a file has its version, then the curves of each step") {
  const std::string folder = NewFolder("new");
  StepMetrics metrics = MetricsOf(1);
  metrics.tokens_per_second = 4096;
  metrics.mfu = 0.4;
  {
    const auto writer = TensorboardWriter::Create(folder, 0);
    INFO(writer.status());
    REQUIRE(writer.ok());
    REQUIRE((*writer)->Write(metrics).ok());
    metrics = MetricsOf(2);
    metrics.loss = std::numeric_limits<double>::quiet_NaN();
    metrics.held_out_loss = 3.5;
    REQUIRE((*writer)->Write(metrics).ok());
  }
  const std::vector<proto::TensorboardEvent> events = ReadEvents(folder);
  REQUIRE(events.size() == 3);
  CHECK(events[0].file_version() == "brain.Event:2");
  CHECK(events[1].step() == 1);
  CHECK(events[1].wall_time() > 1e9);
  const auto first = ValuesOf(events[1]);
  CHECK(first.at("loss") == 2.5f);
  CHECK(first.at("grad_norm") == 1.25f);
  CHECK(first.at("learning_rate") == 1e-3f);
  CHECK(first.at("speed/tokens_per_second") == 4096);
  CHECK(first.at("speed/model_tflops") == 0.5f);
  CHECK(first.at("speed/mfu") == 0.4f);
  CHECK(first.count("held_out_loss") == 0);
  const auto second = ValuesOf(events[2]);
  CHECK(std::isnan(second.at("loss")));
  CHECK(second.at("held_out_loss") == 3.5f);
  CHECK(second.count("speed/mfu") + second.count("speed/tokens_per_second") == 0);
}

TEST_CASE("a run that resumes begins a file that drops what is behind its first step") {
  const std::string folder = NewFolder("resumed");
  for (const int64_t done : {0, 2}) {
    const auto writer = TensorboardWriter::Create(folder, done).value();
    for (int64_t step = done + 1; step <= done + 3; ++step) REQUIRE(writer->Write(MetricsOf(step)).ok());
  }
  const std::vector<proto::TensorboardEvent> events = ReadEvents(folder);
  REQUIRE(events.size() == 4 + 5);
  CHECK(events[4].file_version() == "brain.Event:2");
  CHECK(events[5].session_log().status() == proto::TensorboardSessionLog::START);
  CHECK(events[5].step() == 3);
  CHECK(events[6].step() == 3);
}

TEST_CASE("a folder that cannot be made is named") {
  const std::string file = NewFolder("file");
  std::ofstream(file) << "in the way";
  const absl::Status status = TensorboardWriter::Create(file, 0).status();
  CHECK_FALSE(status.ok());
  CHECK(status.message().find(file) != std::string::npos);
}

}  // namespace
}  // namespace baton
