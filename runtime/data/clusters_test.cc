// Clusters: centres, noise, and what a batch depends on.
#include "runtime/data/clusters.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

namespace baton {
namespace {

ClusterDataset::Options Small() {
  ClusterDataset::Options options;
  options.examples = 1000;
  options.features = 8;
  options.classes = 5;
  options.noise = 0.25;
  options.held_out = 0.2;
  options.data_seed = 1;
  options.run_seed = 1;
  return options;
}

struct Examples {
  std::vector<float> inputs;
  std::vector<int32_t> targets;
};

Examples Training(const ClusterDataset& dataset, int64_t step, int64_t first, int64_t count) {
  Examples result;
  result.inputs.resize(count * dataset.input_bytes() / sizeof(float));
  result.targets.resize(count);
  dataset.FillTraining(step, first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

Examples HeldOut(const ClusterDataset& dataset, int64_t first, int64_t count) {
  Examples result;
  result.inputs.resize(count * dataset.input_bytes() / sizeof(float));
  result.targets.resize(count);
  dataset.FillHeldOut(first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

TEST_CASE("examples of one class lie around one centre with the noise that was asked for") {
  const auto dataset = ClusterDataset::Create(Small());
  REQUIRE(dataset.ok());
  CHECK((*dataset)->num_training() == 800);
  CHECK((*dataset)->num_held_out() == 200);
  CHECK((*dataset)->input_bytes() == 32);
  CHECK((*dataset)->num_targets() == 1);
  const Examples examples = HeldOut(**dataset, 0, 200);
  double squares = 0;
  for (int c = 0; c < 5; ++c) {
    for (int f = 0; f < 8; ++f) {
      double sum = 0, sum_of_squares = 0;
      int count = 0;
      for (int e = 0; e < 200; ++e) {
        if (examples.targets[e] != c) continue;
        const double value = examples.inputs[e * 8 + f];
        sum += value;
        sum_of_squares += value * value;
        ++count;
      }
      REQUIRE(count == 40);
      squares += sum_of_squares / count - (sum / count) * (sum / count);
    }
  }
  CHECK(std::sqrt(squares / 40) == Approx(0.25).margin(0.02));
}

TEST_CASE("noise 0 gives the centres, which are spread as N(0, 1)") {
  ClusterDataset::Options options = Small();
  options.examples = options.classes = 1000;
  options.noise = 0;
  options.held_out = 0.999;
  const auto dataset = ClusterDataset::Create(options);
  REQUIRE(dataset.ok());
  double sum = 0, sum_of_squares = 0;
  for (const float value : HeldOut(**dataset, 0, 999).inputs) {
    sum += value;
    sum_of_squares += value * value;
  }
  CHECK(sum / 7992 == Approx(0).margin(0.05));
  CHECK(sum_of_squares / 7992 == Approx(1).margin(0.07));
}

TEST_CASE("a batch depends on step, position and the two seeds alone") {
  const auto dataset = ClusterDataset::Create(Small());
  const auto again = ClusterDataset::Create(Small());
  REQUIRE(dataset.ok());
  REQUIRE(again.ok());
  const Examples whole = Training(**dataset, 2, 0, 12);
  CHECK(Training(**again, 2, 0, 12).inputs == whole.inputs);
  for (int first = 0; first < 12; first += 3) {
    const Examples part = Training(**dataset, 2, first, 3);
    CHECK(std::equal(part.inputs.begin(), part.inputs.end(), whole.inputs.begin() + first * 8));
    CHECK(std::equal(part.targets.begin(), part.targets.end(), whole.targets.begin() + first));
  }
  CHECK(Training(**dataset, 3, 0, 12).inputs != whole.inputs);

  ClusterDataset::Options other = Small();
  other.run_seed = 2;  // another order of the same examples
  const auto reordered = ClusterDataset::Create(other);
  REQUIRE(reordered.ok());
  CHECK(HeldOut(**reordered, 0, 10).inputs == HeldOut(**dataset, 0, 10).inputs);
  CHECK(Training(**reordered, 2, 0, 12).inputs != whole.inputs);
  other.data_seed = 2;
  const auto redrawn = ClusterDataset::Create(other);
  REQUIRE(redrawn.ok());
  CHECK(HeldOut(**redrawn, 0, 10).inputs != HeldOut(**dataset, 0, 10).inputs);
}

TEST_CASE("sizes beyond their limits are refused") {
  const auto message = [](auto change) {
    ClusterDataset::Options options = Small();
    change(options);
    const auto dataset = ClusterDataset::Create(options);
    CHECK(dataset.status().code() == absl::StatusCode::kInvalidArgument);
    return std::string(dataset.status().message());
  };
  CHECK(message([](auto& o) { o.features = 0; }) == "data.clusters: 0 features must be from 1 to 268435456");
  CHECK(message([](auto& o) { o.examples = -1; }) == "data.clusters: -1 examples must be from 1 to 268435456");
  CHECK(message([](auto& o) { o.classes = 0; }) == "data.clusters: 0 classes must be from 1 to 268435456");
  CHECK(message([](auto& o) { o.features = 1 << 20; }) ==
        "data.clusters: 1048576000 numbers must be from 1 to 268435456");
  CHECK(message([](auto& o) { o.noise = std::numeric_limits<double>::quiet_NaN(); }) ==
        "data.clusters.noise: nan must be a finite number of at least 0");
  CHECK(message([](auto& o) { o.held_out = 1.5; }) == "data.held_out: 1.5 must be at least 0 and below 1");
  CHECK(message([](auto& o) { o.held_out = 1e-4; }) == "data.held_out: 0.0001 of 1000 examples leaves none");
}

}  // namespace
}  // namespace baton
