// The rotary positions of every rope_type that is read, against those of transformers; tests/data/rotary/make.py
// computed them.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/read_file.h"
#include "ops/layers/rotary_table.h"
#include "runtime/hugging_face/config.h"
#include "runtime/job/job_file.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/job_model.h"

namespace baton {
namespace {

using Json = nlohmann::json;

proto::Job JobOf(const std::string& config) {
  proto::Job job = ParseJob("data { tokens: \"none\" } batch { sequences: 2 } run { steps: 1 }", "test").value();
  *job.mutable_model() = ParseHuggingFaceConfig(config, "config.json").value();
  return ResolveJob(job).value();
}

// The first rotary positions in `layers`; null if there are none.
const RotarySpec* FindRotary(const std::vector<LayerSpec>& layers) {
  for (const LayerSpec& layer : layers) {
    if (const auto* rotary = std::get_if<RotarySpec>(&layer.kind)) return rotary;
    const RotarySpec* found = nullptr;
    if (const auto* sequence = std::get_if<SequenceSpec>(&layer.kind)) found = FindRotary(sequence->layers);
    if (const auto* residual = std::get_if<ResidualSpec>(&layer.kind)) found = FindRotary(residual->layers);
    if (found != nullptr) return found;
  }
  return nullptr;
}

TEST_CASE("rotary positions turn as those of transformers, and are written as they were read") {
  const Json data = Json::parse(ReadFile("test data", "tests/data/rotary/frequencies.json", size_t{1} << 20).value());
  REQUIRE(data.at("cases").size() == 10);
  for (const Json& expected : data.at("cases")) {
    CAPTURE(expected.at("rope_parameters").dump());
    Json config = data.at("common");
    config["model_type"] = "llama";
    config["architectures"] = {"LlamaForCausalLM"};
    config["num_hidden_layers"] = 1;
    config["intermediate_size"] = 8;
    config["vocab_size"] = 16;
    config["rope_parameters"] = expected.at("rope_parameters");
    const proto::Job job = JobOf(config.dump());
    const ModelSpec model = ModelOfJob(job).value();
    REQUIRE(FindRotary(model.layers) != nullptr);
    const RotarySpec spec = *FindRotary(model.layers);
    const auto frequencies = expected.at("frequencies").get<std::vector<double>>();
    const std::vector<float> ours = PairFrequencies(spec);
    REQUIRE(ours.size() == frequencies.size());
    for (size_t i = 0; i < ours.size(); ++i) CHECK(ours[i] == Approx(frequencies[i]).epsilon(1e-6));
    const double magnitude = expected.at("attention_factor");
    CHECK(spec.frequencies.magnitude == Approx(magnitude).epsilon(1e-12));
    const RotaryTable table = MakeRotaryTable(spec, 8);
    const double angle = 7 * frequencies[1];
    CHECK(table.cosines[7 * ours.size() + 1] == Approx(magnitude * std::cos(angle)).margin(1e-5));
    CHECK(table.sines[7 * ours.size() + 1] == Approx(magnitude * std::sin(angle)).margin(1e-5));
    const proto::Job again = JobOf(WriteHuggingFaceConfig(job.model()).value());
    CHECK(again.model().SerializeAsString() == job.model().SerializeAsString());
  }
}

}  // namespace
}  // namespace baton
