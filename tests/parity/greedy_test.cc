// Logits of language models and what they continue a prompt with, beside transformers'.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "base/read_file.h"
#include "runtime/inference/generator.h"
#include "tests/parity/fixture.h"
#include "tests/parity/language_jobs.h"

namespace baton {
namespace {

TEST_CASE("logits and the greedy continuation are transformers'") {
  const std::string name = GENERATE(from_range(kNames));
  const int stages = GENERATE(1, 2);
  CAPTURE(name, stages);
  const nlohmann::json expected = ExpectedOf("causal/" + name);
  const int context = expected["batch"]["context"];
  const std::vector<std::string> changes = {absl::StrCat("pipeline.stages=", stages)};
  const auto generator =
      Generator::Create(JobOf(kModels + name, kModels + name + "/batch.bin", context, changes)).value();
  const std::string file = ReadFile("tokens", kModels + name + "/batch.bin", 1 << 20).value();
  std::vector<uint16_t> ids(context);
  std::memcpy(ids.data(), file.data(), 2 * ids.size());
  const absl::Span<const float> logits = generator->Logits(std::vector<int32_t>(ids.begin(), ids.end())).value();
  const nlohmann::json& first = expected["logits_sequence0_last_first16"];
  REQUIRE(first.size() == 16);
  for (size_t i = 0; i < first.size(); ++i) CHECK(logits[i] == Approx(first[i].get<double>()).margin(1e-4));
  std::vector<int32_t> tokens = expected["generate"]["prompt"];
  std::vector<int32_t> greedy;
  for (size_t i = 0; i < expected["generate"]["greedy"].size(); ++i) {
    const absl::Span<const float> next = generator->Logits(tokens).value();
    greedy.push_back(static_cast<int32_t>(std::max_element(next.begin(), next.end()) - next.begin()));
    tokens.push_back(greedy.back());
  }
  CHECK(greedy.size() == 24);
  CHECK(greedy == expected["generate"]["greedy"].get<std::vector<int32_t>>());
}

}  // namespace
}  // namespace baton
