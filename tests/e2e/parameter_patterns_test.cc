// Frozen parameters, and the parameters that decay.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

std::map<std::string, std::vector<std::byte>> WeightsOf(TrainingSession& session) {
  std::map<std::string, std::vector<std::byte>> weights;
  const std::vector<TensorToWrite> tensors = session.Weights().value();
  for (const TensorToWrite& tensor : tensors) {
    weights[tensor.name].assign(tensor.data, tensor.data + tensor.shape.NumBytes());
  }
  return weights;
}

// The names whose values differ.
std::set<std::string> Differing(const std::map<std::string, std::vector<std::byte>>& a,
                                const std::map<std::string, std::vector<std::byte>>& b) {
  std::set<std::string> names;
  for (const auto& [name, values] : a) {
    if (b.at(name) != values) names.insert(name);
  }
  return names;
}

std::string Refusal(const std::string& field, const std::string& value) {
  return std::string(TrainingSession::Create(MakeJob(kSmallGpt, {field + "=\"" + value + "\""})).status().message());
}

TEST_CASE("frozen parameters keep their values, in every split") {
  std::vector<Outcome> outcomes;
  for (int stages : {1, 2}) {
    const proto::Job job =
        MakeJob(kSmallGpt, {"model.freeze=\"wte.*|h.0.*\"", absl::StrCat("pipeline.stages=", stages)});
    const auto session = TrainingSession::Create(job).value();
    const auto before = WeightsOf(*session);
    for (int step = 0; step < 3; ++step) REQUIRE(session->Step(step).ok());
    const auto after = WeightsOf(*session);
    const std::set<std::string> changed = Differing(before, after);
    for (const auto& [name, values] : before) {
      CAPTURE(stages, name);
      const bool frozen = absl::StartsWith(name, "wte.") || absl::StartsWith(name, "h.0.");
      CHECK(changed.count(name) == (frozen ? 0 : 1));
    }
    outcomes.push_back(RunToTheEnd(job));
  }
  CHECK(outcomes[0] == outcomes[1]);
}

TEST_CASE("gradients of frozen parameters do not count in the norm") {
  const auto norm = [](const char* freeze) {
    const auto session =
        TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("model.freeze=\"", freeze, "\"")})).value();
    return session->Step(0).value().gradient_norm;
  };
  // The squares of the parts add up.
  const double all = norm(""), without = norm("wte.*"), only = norm("wpe.*|h.*|ln_f.*");
  CHECK(without < all);
  CHECK(without * without + only * only == Approx(all * all));
}

TEST_CASE("weight decay applies to matrices, or to what is named") {
  // After one step weights differ by the decay alone.
  const auto after = [](const std::string& decay, const char* weight_decay) {
    const auto session = TrainingSession::Create(
                             MakeJob(kSmallGpt, {"optimizer.adamw.decay=\"" + decay + "\"", "optimizer.warmup_steps=0",
                                                 absl::StrCat("optimizer.adamw.weight_decay=", weight_decay)}))
                             .value();
    REQUIRE(session->Step(0).ok());
    return WeightsOf(*session);
  };
  const auto none = after("", "0");
  for (const std::string& name : Differing(none, after("", "0.5"))) {
    CAPTURE(name);
    CHECK(absl::EndsWith(name, ".weight"));
    CHECK_FALSE(absl::StrContains(name, "ln_"));
  }
  CHECK(Differing(none, after("", "0.5")).size() == 2 + 8 * 4);
  CHECK(Differing(none, after("wte.weight|h.3.ln_1.weight", "0.5")) ==
        std::set<std::string>{"wte.weight", "h.3.ln_1.weight"});
}

TEST_CASE("patterns that match nothing, or leave nothing, are refused") {
  CHECK(Refusal("model.freeze", "wte.*|h.9.*") ==
        "model.freeze: \"h.9.*\" matches no parameter, of which one is \"wte.weight\"");
  CHECK(Refusal("optimizer.adamw.decay", "w|") ==
        "optimizer.adamw.decay: \"w\" matches no parameter, of which one is \"wte.weight\"");
  CHECK(Refusal("model.freeze", "*") == "model.freeze: \"*\" leaves no parameter to train");
}

TEST_CASE("the z-loss of a uniform prediction is the square of its entropy") {
  const auto loss = [](const char* z_loss) {
    return TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("model.z_loss=", z_loss)}))
        .value()
        ->Step(0)
        .value()
        .loss;
  };
  const double entropy = std::log(256.0);
  CHECK(loss("0.1") - loss("0") == Approx(0.1 * entropy * entropy).epsilon(0.02));
}

}  // namespace
}  // namespace baton
