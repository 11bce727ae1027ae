// Splits and sums against small cases by hand and against all splits.
#include "schedules/plan/plan.h"

#include <catch2/catch.hpp>
#include <random>

namespace baton {
namespace {

std::vector<LayerCosts> LayersOfTimes(const std::vector<int>& times) {
  std::vector<LayerCosts> layers(times.size());
  for (size_t i = 0; i < times.size(); ++i) layers[i].forward_ns = times[i];
  return layers;
}

std::vector<int> Sizes(const std::vector<LayerRange>& split) {
  std::vector<int> sizes;
  for (const LayerRange& range : split) sizes.push_back(range.size());
  return sizes;
}

TEST_CASE("a balanced split evens out the heaviest chunk") {
  struct Case {
    std::vector<int> times;
    int chunks;
    std::vector<int> sizes;
  };
  const Case c = GENERATE(values<Case>({
      {{1, 1, 1, 1, 1, 1, 1, 1}, 4, {2, 2, 2, 2}},
      {{1, 1, 1, 1, 1, 1, 1, 1}, 1, {8}},
      {{1, 1, 1}, 3, {1, 1, 1}},
      {{4, 1, 1, 1, 1}, 2, {1, 4}},
      {{1, 1, 1, 5}, 2, {3, 1}},
      {{0, 0, 0, 0}, 2, {2, 2}},  // no times: by count
      {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 4, {2, 2, 3, 3}},
  }));
  const auto split = SplitBalanced(LayersOfTimes(c.times), c.chunks);
  REQUIRE(split.ok());
  std::vector<int> sizes = Sizes(*split);
  if (c.times.size() == 10) std::sort(sizes.begin(), sizes.end());  // any order of 2, 2, 3, 3 is as good
  CHECK(sizes == c.sizes);
}

// The heaviest chunk of the best split, by trying every split.
int64_t BruteForce(const std::vector<int>& times, size_t begin, int chunks) {
  int64_t sum = 0;
  if (chunks == 1) {
    for (size_t i = begin; i < times.size(); ++i) sum += times[i];
    return sum;
  }
  int64_t best = INT64_MAX;
  for (size_t end = begin + 1; end + chunks - 1 <= times.size(); ++end) {
    sum += times[end - 1];
    best = std::min(best, std::max(sum, BruteForce(times, end, chunks - 1)));
  }
  return best;
}

TEST_CASE("no cut is better than the balanced one") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> times(1 + random() % 9);
    for (int& time : times) time = 1 + random() % 20;
    const int chunks = 1 + random() % times.size();
    const auto layers = LayersOfTimes(times);
    const auto split = SplitBalanced(layers, chunks).value();
    int64_t heaviest = 0;
    int next = 0;
    for (const LayerRange& range : split) {
      REQUIRE(range.begin == next);
      REQUIRE(range.size() >= 1);
      next = range.end;
      int64_t sum = 0;
      for (int i = range.begin; i < range.end; ++i) sum += times[i];
      heaviest = std::max(heaviest, sum);
    }
    CHECK(next == static_cast<int>(times.size()));
    CHECK(heaviest == BruteForce(times, 0, chunks));
  }
}

TEST_CASE("counts must add up, and the message gives both sums") {
  CHECK(Sizes(SplitByCounts({2, 2, 3, 3}, 10, 4).value()) == std::vector<int>{2, 2, 3, 3});
  CHECK(SplitByCounts({2, 2, 3, 3}, 8, 4).status().message() ==
        "pipeline.split.layers: 2 + 2 + 3 + 3 = 10, but the model has 8 layers; each chunk needs at least one");
  CHECK(SplitByCounts({0, 8}, 8, 2).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(SplitByCounts({4, 4}, 8, 4).status().message() ==
        "pipeline.split.layers: has 2 counts; pipeline.stages × pipeline.chunks_per_device asks for 4");
  CHECK(SplitBalanced(LayersOfTimes({1, 1}), 3).status().message() ==
        "pipeline.stages × pipeline.chunks_per_device: 3 chunks need a layer each, but the model has only 2 layers");
}

TEST_CASE("a chunk's memory is the sum over its layers and over the tensors kept between them") {
  LayerCosts layer;
  layer.output_bytes = 64;
  layer.saved_bytes = 128;
  layer.saved_weight_bytes = 192;
  layer.stash_bytes = 256;
  layer.scratch_bytes = 320;
  layer.keep_input_saved_weight_bytes = 64;
  layer.keep_gradient_stash_bytes = 64;
  layer.keep_gradient_scratch_bytes = 32;
  layer.parameter_bytes = 1024;
  const std::vector<LayerCosts> layers(4, layer);
  const auto chunks = SumChunks(layers, SplitByCounts({3, 1}, 4, 2).value(), 10, 20);
  CHECK(chunks[0].input_bytes == 64);  // 10, aligned
  CHECK(chunks[0].targets_bytes == 0);
  CHECK(chunks[0].saved_bytes == 3 * 128);
  CHECK(chunks[0].saved_weight_bytes == 3 * 192 + 2 * 64);
  CHECK(chunks[0].stash_bytes == 3 * 256 + 2 * 64);
  CHECK(chunks[0].workspace_bytes == 320 + 256 + 2 * 64);  // one stash, and two gradients in turn
  CHECK(chunks[1].workspace_bytes == 320 + 256);
  CHECK(chunks[0].forward_workspace_bytes == 320);
  CHECK(chunks[0].parameter_bytes == 3 * 1024);
  CHECK(chunks[1].input_bytes == 64);
  CHECK(chunks[1].targets_bytes == 64);
  CHECK(chunks[1].saved_weight_bytes == 192);
}

TEST_CASE("recomputed bytes are counted apart and include the next layer's input") {
  LayerCosts kept;
  kept.output_bytes = 64;
  kept.saved_bytes = 128;
  kept.keep_input_saved_weight_bytes = 64;
  kept.keep_input_saved_bytes = 1;
  LayerCosts again = kept;
  again.saved_bytes = 0;
  again.recomputed_bytes = 128;
  again.recomputed_weight_bytes = 320;
  again.recomputes_output = true;
  again.recompute_ns = 7;
  const auto chunks =
      SumChunks({again, again, kept, again, kept, kept}, SplitByCounts({4, 1, 1}, 6, 3).value(), 10, 20);
  // Only the input of the last layer of chunk 0 is kept: the layer before it keeps what it computes.
  CHECK(chunks[0].saved_bytes == 128 + 1);
  CHECK(chunks[0].saved_weight_bytes == 64);
  CHECK(chunks[0].recomputed_bytes == 3 * 128 + 2);
  CHECK(chunks[0].recomputed_weight_bytes == 3 * 320 + 2 * 64);
  CHECK(chunks[0].recompute_ns == 3 * 7);
  CHECK(chunks[0].can_recompute);
  CHECK(chunks[1].recomputed_bytes + chunks[1].recomputed_weight_bytes == 0);
  CHECK_FALSE(chunks[1].can_recompute);
}

}  // namespace
}  // namespace baton
