// Each source of data through training: the forms of one stream of tokens give the same bits, and neither stages nor
// resuming change what a step trains on; an evaluation takes each held-out sequence once.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

constexpr char kTokens[] = R"(
  model { gpt2 { layers: 4 width: 16 heads: 2 context: 64 vocabulary: 397 } }
  data { tokens: "tests/data/tokens/tokens.bin" format: UINT16 context: 48 held_out: 0.1 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 4 }
)";

constexpr char kText[] = R"(
  model { gpt2 { layers: 4 width: 16 heads: 2 context: 12 vocabulary: 397 } }
  data { text: "tests/data/handbook.txt" tokenizer: "tests/data/tokenizers/byte_level" held_out: 0.1 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 4 }
)";

constexpr char kImages[] = R"(
  model { mlp { sizes: [784, 32, 32, 32, 10] } }
  data { images: "tests/data/images/images-idx3-ubyte" labels: "tests/data/images/labels-idx1-ubyte" held_out: 0.25 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 4 }
)";

TEST_CASE("the forms of one stream of tokens give the same bits") {
  const std::string order = GENERATE("SHUFFLED", "SEQUENTIAL");
  const Outcome expected = RunToTheEnd(MakeJob(kTokens, {"data.order=" + order}));
  for (const char* file : {"llmc_u16.bin", "llmc_u32.bin", "megatron_u16.bin", "megatron_i32.idx"}) {
    CAPTURE(file, order);
    CHECK(RunToTheEnd(MakeJob(kTokens, {"data.order=" + order, absl::StrCat("data.tokens=tests/data/tokens/", file),
                                        "data.format=AUTO"})) == expected);
  }
}

TEST_CASE("stages and schedules do not change what is trained") {
  const std::string job = GENERATE(kTokens, kText, kImages);
  const Outcome expected = RunToTheEnd(MakeJob(job));
  CHECK(RunToTheEnd(MakeJob(job, {"pipeline.stages=2", "pipeline.schedule=gpipe"})) == expected);
  CHECK(RunToTheEnd(MakeJob(job, {"pipeline.stages=4", "pipeline.schedule=zb-h1"})) == expected);
  CHECK_FALSE(RunToTheEnd(MakeJob(job, {"run.seed=2"})) == expected);
}

TEST_CASE("the held-out loss is that of all held-out data, whatever the batch") {
  const std::string job = GENERATE(kTokens, kText, kImages);
  const auto loss = [&](int sequences) {
    return TrainingSession::Create(MakeJob(job, {absl::StrCat("batch.sequences=", sequences), "batch.micro_batches=1"}))
        .value()
        ->Evaluate()
        .value();
  };
  const double one_by_one = loss(1);
  for (const int sequences : {3, 7, 16, 64}) CHECK(loss(sequences) == Approx(one_by_one).epsilon(1e-6));
}

TEST_CASE("what is held out is said in tokens") {
  CHECK(TrainingSession::Create(MakeJob(kTokens)).value()->DescribeHeldOut() == "held out: 768 tokens in 16 sequences");
  CHECK(TrainingSession::Create(MakeJob(kImages)).value()->DescribeHeldOut() == "held out: 16 examples");
  CHECK(TrainingSession::Create(MakeJob(kTokens, {"data.held_out=0"})).value()->DescribeHeldOut().empty());
}

TEST_CASE("models learn from each source") {
  const std::string job = GENERATE(kTokens, kText, kImages);
  const auto run = TrainingSession::Create(MakeJob(job, {"run.steps=60", "pipeline.stages=2"})).value();
  const double before = run->Evaluate().value();
  double loss = 0;
  for (int step = 0; step < 60; ++step) loss = run->Step(step).value().loss;
  CHECK(loss < 0.85 * before);
}

}  // namespace
}  // namespace baton
