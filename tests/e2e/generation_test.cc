// Generation against evaluation: the logits of each prefix give the loss of the whole sequence, for every split.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "runtime/data/dataset_of_job.h"
#include "runtime/inference/generator.h"
#include "runtime/inference/sampling.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// The small GPT with a context that is no power of two.
constexpr char kContext[] = "model.gpt2.context=40";

std::vector<int32_t> Greedy(Generator& generator, std::vector<int32_t> tokens, int count) {
  for (int i = 0; i < count; ++i) {
    const auto logits = generator.Logits(tokens);
    INFO(logits.status());
    REQUIRE(logits.ok());
    tokens.push_back(ChooseToken(*logits, {/*temperature=*/0.7, /*top_p=*/0.9, /*seed=*/5}, tokens.size()).value());
  }
  return tokens;
}

// −log softmax(logits)[target].
double LossOf(absl::Span<const float> logits, int32_t target) {
  double largest = logits[0], sum = 0;
  for (const float logit : logits) largest = std::max(largest, double{logit});
  for (const float logit : logits) sum += std::exp(logit - largest);
  return std::log(sum) + largest - logits[target];
}

TEST_CASE("the logits of all prefixes give the loss of the sequence") {
  const proto::Job job = MakeJob(kSmallGpt, {kContext, "run.evaluate_at_most=1", "batch={sequences: 1}"});
  const auto dataset = MakeDataset(job).value();
  std::vector<int32_t> tokens(40), targets(40);
  dataset->FillHeldOut(0, 1, reinterpret_cast<std::byte*>(tokens.data()), targets.data());
  const auto generator = Generator::Create(job).value();
  CHECK(generator->context() == 40);
  CHECK(generator->vocabulary() == 256);
  double loss = 0;
  for (size_t length = 1; length <= tokens.size(); ++length) {
    const auto logits = generator->Logits(absl::MakeConstSpan(tokens).first(length));
    INFO(logits.status());
    REQUIRE(logits.ok());
    loss += LossOf(*logits, targets[length - 1]) / 40;
  }
  CHECK(loss == Approx(TrainingSession::Create(job).value()->Evaluate().value()).epsilon(1e-6));
}

TEST_CASE("the same seed gives the same tokens for every split and schedule") {
  const std::vector<int32_t> prompt = {84, 104, 101};
  const auto whole = Generator::Create(MakeJob(kSmallGpt, {kContext})).value();
  const std::vector<int32_t> expected = Greedy(*whole, prompt, 50);  // past the context
  for (const std::vector<std::string>& overrides : std::vector<std::vector<std::string>>{
           {"pipeline.stages=2"},
           {"pipeline.stages=4", "pipeline.split.layers=[1, 2, 4, 1]"},
           {"pipeline.stages=8", "pipeline.schedule=gpipe"},
           {"pipeline.stages=2", "pipeline.schedule=zb-v", "pipeline.split.layers=[1, 2, 4, 1]"},
           {"pipeline.stages=4", "pipeline.schedule=chimera", "pipeline.recompute=FULL"},
           {"pipeline.stages=2", "pipeline.schedule=zb-auto"}}) {
    CAPTURE(overrides);
    std::vector<std::string> all = overrides;
    all.push_back(kContext);
    const auto generator = Generator::Create(MakeJob(kSmallGpt, all));
    INFO(generator.status());
    REQUIRE(generator.ok());
    CHECK(Greedy(**generator, prompt, 50) == expected);
  }
}

TEST_CASE("behind the context the window slides") {
  const auto generator = Generator::Create(MakeJob(kSmallGpt, {})).value();
  std::vector<int32_t> tokens;
  for (int i = 0; i < 30; ++i) tokens.push_back(i * 7 % 256);
  const auto all = generator->Logits(tokens).value();
  const std::vector<float> expected(all.begin(), all.end());
  const auto last = generator->Logits(absl::MakeConstSpan(tokens).last(12)).value();
  CHECK(std::vector<float>(last.begin(), last.end()) == expected);
}

TEST_CASE("windows are padded to powers of two and to the context") {
  const struct {
    int64_t tokens, context, size;
  } cases[] = {{1, 1024, 16}, {16, 1024, 16}, {17, 1024, 32}, {1000, 1024, 1024}, {3, 12, 12}, {33, 40, 40}};
  for (const auto& each : cases) {
    CAPTURE(each.tokens, each.context);
    CHECK(PaddedWindow(each.tokens, each.context) == each.size);
  }
}

TEST_CASE("what cannot be generated is refused") {
  const auto generator = Generator::Create(MakeJob(kSmallGpt, {})).value();
  CHECK(absl::IsInvalidArgument(generator->Logits({}).status()));
  CHECK(generator->Logits({1, 256}).status().message() == "token 256 is not in the vocabulary of 256 tokens");
  CHECK(generator->Logits({-1}).status().message() == "token -1 is not in the vocabulary of 256 tokens");
  CHECK(generator->Logits({1}).ok());
  const proto::Job mlp = MakeJob(R"(model { mlp { sizes: [4, 3] } } data { clusters {} } batch { sequences: 1 }
                                    run { steps: 1 })");
  CHECK(Generator::Create(mlp).status().message() == "model: mlp reads no tokens, so that it generates none");
}

}  // namespace
}  // namespace baton
