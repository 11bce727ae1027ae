// The words of dropout against Random123's own, their independence of each key, and the share that is dropped.
#include "ops/layers/dropout_mask.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace baton {
namespace {

int64_t NumDropped(const StepContext& step, int64_t blocks, double probability) {
  int64_t dropped = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    const auto words = DropoutWords(DropoutNameHash("h.0.dropout"), step, 3, block);
    for (int i = 0; i < kDropoutBlock; ++i) dropped += words[i] < DropoutThreshold(probability);
  }
  return dropped;
}

}  // namespace

TEST_CASE("a change of name, seed, step, sequence or block gives other words") {
  const uint64_t name = DropoutNameHash("a");
  const StepContext step = {true, 1, 5};
  const auto words = DropoutWords(name, step, 2, 7);
  CHECK(DropoutWords(name, step, 2, 7) == words);
  CHECK(DropoutWords(DropoutNameHash("b"), step, 2, 7) != words);
  CHECK(DropoutWords(name, {true, 2, 5}, 2, 7) != words);
  CHECK(DropoutWords(name, {true, 1, 6}, 2, 7) != words);
  CHECK(DropoutWords(name, step, 3, 7) != words);
  CHECK(DropoutWords(name, step, 2, 8) != words);
}

// A change here changes every run with dropout.
TEST_CASE("the words are those of Philox with this key and counter") {
  const StepContext step = {true, 0, 9};
  CHECK(DropoutNameHash("") == 14695981039346656037u);
  const uint64_t hash = DropoutNameHash("");
  const auto direct =
      r123::Philox4x32{}({{4, 0, 2, 9}}, {{static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32)}});
  CHECK(DropoutWords(hash, step, 2, 4) == direct);
}

TEST_CASE("the share of dropped elements is the probability") {
  constexpr int64_t kBlocks = 25000;
  for (const double probability : {0.0, 0.1, 0.5, 0.9}) {
    const double n = kBlocks * kDropoutBlock;
    const double deviation = std::sqrt(n * probability * (1 - probability));
    CHECK(std::abs(NumDropped({true, 1, 0}, kBlocks, probability) - n * probability) <= 4 * deviation);
  }
}

}  // namespace baton
