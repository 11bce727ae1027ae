// Masks: their number, their share, what they depend on.
#include "runtime/data/masked.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "ops/layers/token_ids.h"

namespace baton {
namespace {

constexpr int64_t kContext = 20;

// Sequence i of step s has the tokens 7 (1000 s + i) + place, modulo 90; held-out ones begin at −1 − i.
class CountingDataset final : public Dataset {
 public:
  Bytes input_bytes() const override { return kContext * 4; }
  int64_t num_targets() const override { return kContext; }
  int64_t num_training() const override { return 100; }
  int64_t num_held_out() const override { return 5; }
  void FillTraining(int64_t step, int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    for (int64_t i = 0; i < count; ++i) Fill(1000 * step + first + i, i, inputs, targets);
  }
  void FillHeldOut(int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    for (int64_t i = 0; i < count; ++i) Fill(89 + first + i, i, inputs, targets);
  }
  static int32_t Token(int64_t sequence, int64_t place) { return static_cast<int32_t>((7 * sequence + place) % 90); }

 private:
  static void Fill(int64_t sequence, int64_t index, std::byte* inputs, int32_t* targets) {
    for (int64_t place = 0; place < kContext; ++place) {
      const int32_t token = Token(sequence, place);
      if (inputs != nullptr) std::memcpy(inputs + (index * kContext + place) * 4, &token, 4);
      if (targets != nullptr) targets[index * kContext + place] = -7;  // the masks do not use these
    }
  }
};

MaskedDataset Make(const MaskedDataset::Options& options) {
  proto::Job job;
  job.mutable_batch()->set_sequences(50);
  return MaskedDataset(std::make_unique<CountingDataset>(), options, BatchGrowth(job));
}

MaskedDataset::Options OptionsOf(double masked, double random, uint64_t seed = 1) {
  MaskedDataset::Options options;
  options.chosen = 3;
  options.mask_token = 95;
  options.masked = masked;
  options.random = random;
  options.vocabulary = 96;
  options.seed = seed;
  return options;
}

struct Sequences {
  std::vector<int32_t> inputs, targets;
};

Sequences Training(const MaskedDataset& dataset, int64_t step, int64_t first, int64_t count) {
  Sequences result;
  result.inputs.resize(count * kContext);
  result.targets.resize(count * kContext);
  // Inputs and targets are filled apart, as devices do.
  dataset.FillTraining(step, first, count, reinterpret_cast<std::byte*>(result.inputs.data()), nullptr);
  dataset.FillTraining(step, first, count, nullptr, result.targets.data());
  return result;
}

TEST_CASE("each sequence has the same number of targets, which are the tokens that were there") {
  const MaskedDataset dataset = Make(OptionsOf(0.8, 0.1));
  for (int64_t step = 0; step < 20; ++step) {
    const Sequences batch = Training(dataset, step, 0, 50);
    for (int64_t sequence = 0; sequence < 50; ++sequence) {
      int chosen = 0;
      for (int64_t place = 0; place < kContext; ++place) {
        const int32_t token = CountingDataset::Token(1000 * step + sequence, place);
        const int32_t target = batch.targets[sequence * kContext + place];
        const int32_t input = batch.inputs[sequence * kContext + place];
        chosen += target != kIgnoredTarget;
        REQUIRE((target == token || (target == kIgnoredTarget && input == token)));
        REQUIRE((input >= 0 && input < 96));
      }
      REQUIRE(chosen == 3);
    }
  }
}

TEST_CASE("masked, random and unchanged tokens have their shares, and places are equally likely") {
  const MaskedDataset dataset = Make(OptionsOf(0.5, 0.3));
  double masked = 0, changed = 0, chosen = 0;
  std::vector<double> at(kContext);
  for (int64_t step = 0; step < 200; ++step) {
    const Sequences batch = Training(dataset, step, 0, 50);
    for (size_t i = 0; i < batch.targets.size(); ++i) {
      if (batch.targets[i] == kIgnoredTarget) continue;
      ++chosen;
      ++at[i % kContext];
      masked += batch.inputs[i] == 95;
      changed += batch.inputs[i] != batch.targets[i];
    }
  }
  REQUIRE(chosen == 200 * 50 * 3);
  // Random tokens hit the mask, or the token itself, once in 96 times each. Five standard deviations of 0.003.
  CHECK(masked / chosen == Approx(0.5 + 0.3 / 96).margin(0.015));
  CHECK(changed / chosen == Approx(0.8 - 0.3 / 96).margin(0.015));
  double chi_squared = 0;
  for (const double each : at) chi_squared += std::pow(each - chosen / kContext, 2) / (chosen / kContext);
  CHECK(chi_squared < 19 + 5 * std::sqrt(2.0 * 19));
}

TEST_CASE("all or none are masked at the ends of the range") {
  const Sequences all = Training(Make(OptionsOf(1, 0)), 0, 0, 50), none = Training(Make(OptionsOf(0, 0)), 0, 0, 50);
  for (size_t i = 0; i < all.inputs.size(); ++i) {
    CHECK((all.inputs[i] == 95) == (all.targets[i] != kIgnoredTarget));
    CHECK(none.inputs[i] != 95);
  }
  CHECK(all.targets == none.targets);
}

TEST_CASE("masks depend on seed and position, not on how a batch is cut") {
  const MaskedDataset dataset = Make(OptionsOf(0.8, 0.1));
  const Sequences whole = Training(dataset, 4, 0, 50);
  for (int64_t first = 0; first < 50; first += 10) {
    const Sequences part = Training(dataset, 4, first, 10);
    CHECK(std::equal(part.inputs.begin(), part.inputs.end(), whole.inputs.begin() + first * kContext));
    CHECK(std::equal(part.targets.begin(), part.targets.end(), whole.targets.begin() + first * kContext));
  }
  const auto places = [](const Sequences& batch) {
    std::vector<bool> result;
    for (const int32_t target : batch.targets) result.push_back(target == kIgnoredTarget);
    return result;
  };
  CHECK(places(whole) != places(Training(dataset, 5, 0, 50)));
  CHECK(places(whole) != places(Training(Make(OptionsOf(0.8, 0.1, 2)), 4, 0, 50)));
}

TEST_CASE("held-out sequences always have the same masks") {
  const MaskedDataset dataset = Make(OptionsOf(0.8, 0.1));
  std::vector<int32_t> all(5 * kContext), last(kContext);
  dataset.FillHeldOut(0, 5, nullptr, all.data());
  dataset.FillHeldOut(4, 1, nullptr, last.data());
  CHECK(std::equal(last.begin(), last.end(), all.begin() + 4 * kContext));
  CHECK(std::count(last.begin(), last.end(), kIgnoredTarget) == kContext - 3);
}

}  // namespace
}  // namespace baton
