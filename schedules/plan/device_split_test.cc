// Splits for devices with several chunks, against cases by hand and against all splits.
#include "schedules/plan/device_split.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
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

// Loops: chunk c on device c mod p. Zigzags: down the devices and up again.
ChunkPlacement Loops(int num_devices, int chunks_each) {
  std::vector<int32_t> devices;
  for (int chunk = 0; chunk < num_devices * chunks_each; ++chunk) devices.push_back(chunk % num_devices);
  return ChunkPlacement::Of(devices);
}
ChunkPlacement Zigzag(int num_devices, int chunks_each) {
  std::vector<int32_t> devices;
  for (int chunk = 0; chunk < num_devices * chunks_each; ++chunk) {
    const int place = chunk % num_devices;
    devices.push_back(chunk / num_devices % 2 == 0 ? place : num_devices - 1 - place);
  }
  return ChunkPlacement::Of(devices);
}
// Each chunk on device c and on device p − 1 − c.
ChunkPlacement Bidirectional(int num_devices) {
  std::vector<int32_t> down, up;
  for (int chunk = 0; chunk < num_devices; ++chunk) down.push_back(chunk), up.push_back(num_devices - 1 - chunk);
  return ChunkPlacement::OfReplicas({down, up}, {0, 1});
}

int64_t HeaviestDevice(const std::vector<int>& times, const std::vector<int>& cuts, const ChunkPlacement& placement) {
  std::vector<int64_t> loads(placement.num_chunks(), 0);
  for (const ChunkReplica& replica : placement.replicas()) {
    for (int layer = cuts[replica.chunk]; layer < cuts[replica.chunk + 1]; ++layer) {
      loads[replica.device] += times[layer];
    }
  }
  return *std::max_element(loads.begin(), loads.end());
}

int64_t BestOfAll(const std::vector<int>& times, const ChunkPlacement& placement) {
  int64_t best = std::numeric_limits<int64_t>::max();
  std::vector<int> cuts = {0};
  const std::function<void()> extend = [&] {
    const int missing = placement.num_chunks() - static_cast<int>(cuts.size()) + 1;
    const int num_layers = static_cast<int>(times.size());
    if (missing == 1) {
      cuts.push_back(num_layers);
      best = std::min(best, HeaviestDevice(times, cuts, placement));
      cuts.pop_back();
      return;
    }
    for (int end = cuts.back() + 1; end + missing - 1 <= num_layers; ++end) {
      cuts.push_back(end);
      extend();
      cuts.pop_back();
    }
  };
  extend();
  return best;
}

TEST_CASE("a V of two devices gets three of six equal layers each") {
  const auto split = SplitForDevices(LayersOfTimes({1, 1, 1, 1, 1, 1}), Zigzag(2, 2)).value();
  const std::vector<int> sizes = Sizes(split);
  CHECK(sizes[0] + sizes[3] == 3);
  CHECK(sizes[1] + sizes[2] == 3);
  CHECK(*std::max_element(sizes.begin(), sizes.end()) == 2);
}

TEST_CASE("with a chunk a device the split is the balanced one") {
  const std::vector<LayerCosts> layers = LayersOfTimes({4, 1, 1, 1, 1, 2, 7});
  CHECK(Sizes(SplitForDevices(layers, Loops(3, 1)).value()) == Sizes(SplitBalanced(layers, 3).value()));
}

TEST_CASE("no split has a lighter heaviest device") {
  std::mt19937 random(3);
  int missed = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    const ChunkPlacement placement = round % 4 == 0   ? Zigzag(2 + random() % 2, 2)
                                     : round % 4 == 1 ? Loops(2, 2 + random() % 2)
                                     : round % 4 == 2 ? Zigzag(2, 3)
                                                      : Bidirectional(2 + random() % 4);
    std::vector<int> times(placement.num_chunks() + random() % 7);
    for (int& time : times) time = 1 + random() % 20;
    const auto split = SplitForDevices(LayersOfTimes(times), placement).value();
    std::vector<int> cuts = {0};
    for (const LayerRange& range : split) {
      REQUIRE(range.begin == cuts.back());
      REQUIRE(range.size() >= 1);
      cuts.push_back(range.end);
    }
    REQUIRE(cuts.back() == static_cast<int>(times.size()));
    const int64_t heaviest = HeaviestDevice(times, cuts, placement), best = BestOfAll(times, placement);
    CHECK(heaviest <= best * 1.1);
    missed += heaviest > best;
  }
  // Layers of very different times; the descents are no proof.
  CHECK(missed <= kRounds / 50);
}

TEST_CASE("hundreds of chunks are split, the same way each time") {
  std::vector<int> times(700, 10);
  times.front() = 35;
  times.back() = 90;
  const std::vector<LayerCosts> layers = LayersOfTimes(times);
  const ChunkPlacement placement = Zigzag(150, 2);
  const auto split = SplitForDevices(layers, placement).value();
  CHECK(Sizes(split) == Sizes(SplitForDevices(layers, placement).value()));
  std::vector<int> cuts = {0};
  for (const LayerRange& range : split) cuts.push_back(range.end);
  std::vector<int> balanced = {0};
  const auto by_chunk = SplitBalanced(layers, 300).value();
  for (const LayerRange& range : by_chunk) balanced.push_back(range.end);
  CHECK(HeaviestDevice(times, cuts, placement) <= HeaviestDevice(times, balanced, placement));
}

TEST_CASE("fewer layers than chunks are refused") {
  CHECK(SplitForDevices(LayersOfTimes({1, 1, 1}), Zigzag(2, 2)).status() ==
        SplitBalanced(LayersOfTimes({1, 1, 1}), 4).status());
}

}  // namespace
}  // namespace baton
