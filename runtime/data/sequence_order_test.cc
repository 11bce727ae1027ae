// Shuffles are permutations, differ by pass and seed, and look random; steps take consecutive positions.
#include "runtime/data/sequence_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace baton {
namespace {

std::vector<int64_t> Shuffle(int64_t count, uint64_t seed, uint64_t pass) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(ShuffledIndex(i, count, seed, pass));
  return result;
}

TEST_CASE("a shuffle is a permutation") {
  for (const int64_t count : {1, 2, 3, 4, 5, 7, 16, 17, 63, 64, 65, 100, 1000, 4097, 65536, 65537}) {
    for (uint64_t pass = 0; pass < 3; ++pass) {
      std::vector<int64_t> order = Shuffle(count, 7, pass);
      std::sort(order.begin(), order.end());
      for (int64_t i = 0; i < count; ++i) REQUIRE(order[i] == i);
    }
  }
}

TEST_CASE("a shuffle of the largest count stays in it") {
  const int64_t count = int64_t{1} << 62;
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t value = ShuffledIndex(count - 1 - i, count - 3, 1, 0);
    CHECK((value >= 0 && value < count - 3));
    if (i == 0) continue;
    CHECK(value != ShuffledIndex(count - i, count - 3, 1, 0));
  }
}

TEST_CASE("passes and seeds have shuffles of their own") {
  const std::vector<int64_t> first = Shuffle(1000, 1, 0);
  CHECK(first == Shuffle(1000, 1, 0));
  for (const std::vector<int64_t>& other : {Shuffle(1000, 1, 1), Shuffle(1000, 2, 0)}) {
    int64_t same = 0;
    for (size_t i = 0; i < first.size(); ++i) same += first[i] == other[i];
    // Two random permutations agree in 1 place on average.
    CHECK(same < 10);
  }
}

TEST_CASE("every place is equally likely for every element") {
  // Chi-squared over 10 × 10 cells, each expected 500 times; 81 degrees of freedom, standard deviation 12.7.
  constexpr int kCount = 10, kPasses = 5000;
  std::vector<int> hits(kCount * kCount);
  for (uint64_t pass = 0; pass < kPasses; ++pass) {
    for (int64_t i = 0; i < kCount; ++i) ++hits[i * kCount + ShuffledIndex(i, kCount, 3, pass)];
  }
  double chi_squared = 0;
  for (const int each : hits) chi_squared += std::pow(each - kPasses / kCount, 2) / (kPasses / kCount);
  CHECK(chi_squared < 81 + 5 * 12.7);
  CHECK(chi_squared > 81 - 5 * 12.7);
}

proto::Job JobWithBatch(const std::string& ramp) {
  proto::Job job;
  job.mutable_batch()->set_sequences(4);
  job.mutable_batch()->set_micro_batches(2);
  if (!ramp.empty()) {
    job.mutable_batch()->mutable_ramp()->set_from(2);
    job.mutable_batch()->mutable_ramp()->set_by(2);
    job.mutable_batch()->mutable_ramp()->set_every_steps(3);
  }
  return job;
}

TEST_CASE("steps take consecutive positions and begin again at the end") {
  const SequenceOrder order = {false, 1, BatchGrowth(JobWithBatch(""))};
  CHECK(order.At(0, 0, 6) == 0);
  CHECK(order.At(0, 3, 6) == 3);
  CHECK(order.At(1, 0, 6) == 4);
  CHECK(order.At(1, 2, 6) == 0);
  CHECK(order.At(1'000'000'000, 1, 6) == (4'000'000'000 + 1) % 6);
  const SequenceOrder growing = {false, 1, BatchGrowth(JobWithBatch("ramp"))};
  CHECK(growing.At(2, 1, 1000) == 5);
  CHECK(growing.At(3, 0, 1000) == 6);
  CHECK(growing.At(5, 0, 1000) == 14);
}

TEST_CASE("a shuffled pass takes every sequence once") {
  const SequenceOrder order = {true, 5, BatchGrowth(JobWithBatch(""))};
  std::vector<int> taken(10);
  for (int64_t step = 0; step < 5; ++step) {
    for (int64_t sequence = 0; sequence < 4; ++sequence) ++taken[order.At(step, sequence, 10)];
  }
  CHECK(taken == std::vector<int>(10, 2));
}

}  // namespace
}  // namespace baton
