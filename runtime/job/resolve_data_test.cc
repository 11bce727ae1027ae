// Wrong data.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("wrong data") {
  CheckWrong(
      GENERATE(Wrong{kGpt, "data={}", "data is missing: text: \"a pattern of files\" or clusters { … }"},
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
