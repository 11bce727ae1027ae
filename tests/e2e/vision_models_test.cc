// Models of images, BERT and dropout through the pipeline: the same bits for every number of stages, schedule and
// recomputation; running statistics; evaluation; resuming.
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

constexpr char kVit[] = R"(
  model { vit { layers: 4 width: 16 heads: 2 image { height: 8 } patch: 4 classes: 5 } dropout: 0.1 attention_dropout: 0.1 }
  data { clusters { examples: 96 } held_out: 0.25 }
  batch { sequences: 12 micro_batches: 3 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

constexpr char kResnet[] = R"(
  model { resnet { embedding: 4 widths: [8, 12] depths: [2, 1] block: BASIC image { height: 16 } classes: 5 } }
  data { clusters { examples: 96 } held_out: 0.25 }
  batch { sequences: 12 micro_batches: 3 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

constexpr char kCnn[] = R"(
  model {
    image { channels: 2 height: 8 width: 6 }
    layer { convolution { outputs: 6 kernel: 3 padding: 1 } }
    layer { group_norm { groups: 2 } }
    layer { relu {} }
    layer { max_pool { kernel: 2 } }
    layer {
      residual {
        layer { convolution { outputs: 8 kernel: 3 stride: 2 padding: 1 bias: false } }
        layer { batch_norm {} }
        layer { dropout { probability: 0.2 } }
        shortcut { convolution { outputs: 8 kernel: 1 stride: 2 } }
      }
    }
    layer { average_pool { kernel: 2 stride: 1 } }
    layer { linear { outputs: 5 } }
  }
  data { clusters { examples: 96 } held_out: 0.25 }
  batch { sequences: 12 micro_batches: 3 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

constexpr char kTokenList[] = R"(
  model {
    layer { embedding { vocabulary: 256 width: 16 context: 12 } }
    layer { residual { layer { rms_norm {} } layer { attention { heads: 4 key_value_heads: 2 window: 5 rotary {} } } } }
    layer { residual { layer { layer_norm {} } layer { gated_feed_forward { inner: 24 } } layer { dropout { probability: 0.1 } } } }
    layer { linear { outputs: 256 } }
  }
  data { text: "tests/data/handbook.txt" held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

constexpr char kBert[] = R"(
  model { bert { layers: 4 width: 16 heads: 2 context: 16 vocabulary: 256 } dropout: 0.1 attention_dropout: 0.1 }
  data { text: "tests/data/handbook.txt" context: 12 held_out: 0.05 masking { mask_token: 0 } }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

constexpr char kLlama[] = R"(
  model {
    llama { layers: 4 width: 16 heads: 4 key_value_heads: 2 feed_forward: 24 context: 16 vocabulary: 256 window: 7 }
    dropout: 0.1 attention_dropout: 0.2
  }
  data { text: "tests/data/handbook.txt" context: 12 held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 6 })";

void CheckSplits(const char* text, const std::vector<int>& stages) {
  const Outcome unsplit = RunToTheEnd(MakeJob(text, {"pipeline.stages=1"}));
  CHECK(unsplit.losses.front() > unsplit.losses.back());
  for (const int count : stages) {
    for (const char* schedule : {"gpipe", "1f1b", "zb-h1"}) {
      for (const char* recompute : {"NONE", "FULL"}) {
        CAPTURE(count, schedule, recompute);
        CHECK(RunToTheEnd(
                  MakeJob(text, {absl::StrCat("pipeline.stages=", count), absl::StrCat("pipeline.schedule=", schedule),
                                 absl::StrCat("pipeline.recompute=", recompute)})) == unsplit);
      }
    }
  }
}

}  // namespace

TEST_CASE("ViT with dropout trains to the same bits for every split") { CheckSplits(kVit, {2, 4}); }
TEST_CASE("ResNet trains to the same bits for every split, running statistics included") {
  CheckSplits(kResnet, {2, 3});
}
TEST_CASE("a list of layers for images trains to the same bits for every split") { CheckSplits(kCnn, {2, 4}); }
TEST_CASE("a list of layers for tokens trains to the same bits for every split") { CheckSplits(kTokenList, {2, 4}); }
TEST_CASE("BERT with dropout trains to the same bits for every split") { CheckSplits(kBert, {2, 4}); }
TEST_CASE("Llama with dropout trains to the same bits for every split") { CheckSplits(kLlama, {2, 4}); }
TEST_CASE("GPT-2 with dropout trains to the same bits for every split") {
  const Outcome with = RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=1", "model.dropout=0.2"}));
  CHECK(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=4", "model.dropout=0.2"})) == with);
  CHECK_FALSE(RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=1"})) == with);
}

TEST_CASE("the size of micro-batches does not change what is dropped") {
  // With one micro-batch sums are rounded otherwise, so the losses are close but not the same.
  const Outcome three = RunToTheEnd(MakeJob(kVit, {"model.dropout=0.5"}));
  const Outcome one = RunToTheEnd(MakeJob(kVit, {"model.dropout=0.5", "batch.micro_batches=1"}));
  CHECK(three.losses.front() == Approx(one.losses.front()).epsilon(1e-5));
  CHECK(three.losses.front() != Approx(RunToTheEnd(MakeJob(kVit, {"model.dropout=0"})).losses.front()).epsilon(1e-5));
}

TEST_CASE("each probability drops something of its own") {
  const auto first_loss = [](const std::string& setting) {
    return RunToTheEnd(MakeJob(kLlama, {"model.dropout=0", "model.attention_dropout=0", setting})).losses.front();
  };
  std::set<double> losses;
  for (const char* const setting :
       {"run.steps=1", "model.dropout=0.3", "model.attention_dropout=0.3", "model.embedding_dropout=0.3"}) {
    losses.insert(first_loss(setting));
  }
  CHECK(losses.size() == 4);
}

TEST_CASE("attention's dropout is the same for every size of micro-batches") {
  const auto first_loss = [](const std::string& micro_batches) {
    return RunToTheEnd(MakeJob(kLlama, {"model.attention_dropout=0.5", "batch.micro_batches=" + micro_batches}))
        .losses.front();
  };
  CHECK(first_loss("4") == Approx(first_loss("1")).epsilon(1e-5));
}

TEST_CASE("an evaluation drops nothing and uses running statistics") {
  for (const char* text : {kVit, kResnet, kLlama}) {
    const proto::Job job = MakeJob(text, {});
    const std::unique_ptr<TrainingSession> run = TrainingSession::Create(job).value();
    REQUIRE(run->Step(0).ok());
    const double first = run->Evaluate().value();
    CHECK(run->Evaluate().value() == first);
    REQUIRE(run->Step(1).ok());
    CHECK(run->Evaluate().value() != first);
  }
  // With frozen statistics, which begin as 0 and 1, they stay.
  const Outcome frozen =
      RunToTheEnd(MakeJob(kResnet, {"model.resnet.statistics=FROZEN", "optimizer.adamw.learning_rate=1e-3"}));
  const std::vector<std::byte>& mean = frozen.weights.at("embedder.normalization.running_mean");
  CHECK(mean == std::vector<std::byte>(mean.size()));
}

TEST_CASE("the loss of a smaller batch is the mean over its masked tokens") {
  const proto::Job ramp = MakeJob(kBert, {"batch.ramp={from: 4 by: 4 every_steps: 2}"});
  const double whole = RunToTheEnd(MakeJob(kBert, {})).losses.front();
  // Both begin near log(256), with different sequences.
  CHECK(RunToTheEnd(ramp).losses.front() == Approx(whole).epsilon(0.05));
}

}  // namespace baton
