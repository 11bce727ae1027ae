// Wrong data.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

constexpr char kTokens[] = R"(
  model { gpt2 { layers: 2 width: 8 heads: 2 context: 16 vocabulary: 50 } }
  data { tokens: "*.bin" }
  batch { sequences: 4 }
  run { steps: 3 })";

TEST_CASE("defaults of sequences") {
  const auto job = ResolveJob(Make(kTokens, ""));
  REQUIRE(job.ok());
  CHECK(job->data().context() == 16);
  CHECK(job->data().format() == proto::Data::AUTO);
  CHECK(job->data().order() == proto::Data::SHUFFLED);
  CHECK(job->data().held_out() == 0);
  CHECK(ContextOf(*job) == 16);
  const auto shorter = ResolveJob(Make(kTokens, "data.context=4;data.order=SEQUENTIAL"));
  REQUIRE(shorter.ok());
  CHECK(ContextOf(*shorter) == 4);
  CHECK(LongestContextOf(*shorter) == 16);
}

TEST_CASE("wrong files of tokens") {
  CheckWrong(GENERATE(
      Wrong{kTokens, "data.tokens=", "data.tokens is missing: a pattern of files of token numbers"},
      Wrong{kTokens, "data.context=17", "data.context: 17 must be at most model.gpt2.context: 16"},
      Wrong{kTokens, "data.context=0", "data.context: 0 must be at least 1"},
      Wrong{kTokens, "data.format=CIFAR10",
            "data.format: CIFAR10 is not one of AUTO, LLMC, UINT16, MEGATRON, the formats of data.tokens"},
      Wrong{kTokens, "data.labels=a", "data.labels: goes with data.images, not with data.tokens"},
      Wrong{kTokens, "data.tokenizer=a", "data.tokenizer: goes with data.text, not with data.tokens"},
      Wrong{kTokens, "data.masking={mask_token: 1}",
            "data.masking: goes with model.bert, not with model.gpt2, which predicts the tokens that follow"},
      Wrong{kGpt, "data.format=AUTO", "data.format: goes with data.tokens and data.images, not with data.text"},
      Wrong{kMlp, "data.context=4", "data.context: goes with data.text and data.tokens, not with data.clusters"},
      Wrong{kMlp, "data.order=SEQUENTIAL",
            "data.order: goes with data.text and data.tokens and data.images, not with data.clusters"},
      Wrong{kMlp, "data.tokens=a",
            "data.tokens: gives tokens, but model.mlp reads features; use data.clusters, or model.gpt2"}));
}

constexpr char kImages[] = R"(
  model { mlp { sizes: [784, 10] } }
  data { images: "images" labels: "labels" }
  batch { sequences: 4 }
  run { steps: 3 })";

TEST_CASE("defaults of images and tokenizers") {
  const auto job = ResolveJob(Make(kImages, ""));
  REQUIRE(job.ok());
  CHECK(job->data().format() == proto::Data::AUTO);
  CHECK(job->data().order() == proto::Data::SHUFFLED);
  const auto cifar = ResolveJob(Make(kImages, "data.labels=;data.format=CIFAR10"));
  CHECK(cifar.status().message() == "data.labels: goes with data.format: IDX; files of CIFAR10 contain their labels");
  // A tokenizer's file says how many tokens it has, which only those who read it can check.
  CHECK(ResolveJob(Make(kTokens, "data={text: \"a\" tokenizer: \"tokenizer.json\"}")).ok());
}

TEST_CASE("wrong images") {
  CheckWrong(GENERATE(
      Wrong{kImages, "data.images=", "data.images is missing: a pattern of files of images"},
      Wrong{kImages,
            "data.labels=", "data.labels is missing: a pattern of files of labels, one for each of data.images"},
      Wrong{kImages, "data.format=LLMC",
            "data.format: LLMC is not one of AUTO, IDX, CIFAR10, CIFAR100, the formats of data.images"},
      Wrong{kImages, "data.context=4", "data.context: goes with data.text and data.tokens, not with data.images"},
      Wrong{kTokens, "data.images=a",
            "data.images: gives features, but model.gpt2 reads tokens; use data.text or data.tokens"},
      Wrong{kTokens, "data={text: \"a\" tokenizer: \"\"}", "data.tokenizer: 0 characters must be from 1 to 4096"}));
}

TEST_CASE("wrong data") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "data={}", "data is missing: text or tokens: \"a pattern of files\", images, or clusters { … }"},
      Wrong{kGpt, "data.text=", "data.text is missing: a pattern of text files"},
      Wrong{kGpt, "data.text=" + std::string(4097, 'x'), "data.text: 4097 characters must be at most 4096"},
      Wrong{kGpt, "data.held_out=1", "data.held_out: 1 must be at least 0 and below 1"},
      Wrong{kGpt, "data.held_out=-0.1", "data.held_out: -0.1 must be at least 0 and below 1"},
      Wrong{kGpt, "data.held_out=nan", "data.held_out: nan must be at least 0 and below 1"},
      Wrong{kGpt, "data.clusters={}",
            "data.clusters: gives features, but model.gpt2 reads tokens; use data.text, or model.mlp"},
      Wrong{kGpt, "model.gpt2.vocabulary=255",
            "model.gpt2.vocabulary: 255 must be at least 256 for data.tokenizer: \"bytes\""},
      Wrong{kMlp, "data.text=/a",
            "data.text: gives tokens, but model.mlp reads features; use data.clusters, or model.gpt2"},
      Wrong{kLayers, "data.text=/a",
            "data.text: gives tokens, but model.layer reads features; use data.clusters, or model.gpt2"},
      Wrong{kMlp, "data.tokenizer=\"bytes\"", "data.tokenizer: goes with data.text, not with data.clusters"},
      Wrong{kMlp, "data.clusters.examples=0", "data.clusters.examples: 0 must be at least 1"},
      Wrong{kMlp, "data.clusters.examples=16777216",
            "data.clusters.examples: 16777216 examples of 784 features must be at most 268435456 numbers"},
      Wrong{kMlp, "model.mlp.sizes=1048576,2,1000",
            "data.clusters.examples: 4096 examples of 1048576 features must be at most 268435456 numbers"},
      Wrong{kMlp, "data.clusters.noise=inf", "data.clusters.noise: inf must be from 0 to 1000"},
      Wrong{kMlp, "data.clusters.noise=-1", "data.clusters.noise: -1 must be from 0 to 1000"}));
}

}  // namespace
}  // namespace baton
