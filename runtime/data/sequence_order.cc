// The shuffle, and positions of steps.
#include "runtime/data/sequence_order.h"

#include "runtime/data/random.h"

namespace baton {
namespace {

constexpr uint64_t kRounds = 6;

// One pass through the Feistel network on numbers of 2 · half_bits bits; half_bits <= 32.
uint64_t Encipher(uint64_t value, int half_bits, uint64_t seed, uint64_t pass) {
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t left = value >> half_bits, right = value & mask;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t mixed = RandomBits(seed, RandomPurpose::kShuffle, pass, round << 32 | right) & mask;
    const uint64_t next = left ^ mixed;
    left = right;
    right = next;
  }
  return left << half_bits | right;
}

}  // namespace

int64_t ShuffledIndex(int64_t index, int64_t count, uint64_t seed, uint64_t pass) {
  int half_bits = 1;
  while ((uint64_t{1} << (2 * half_bits)) < static_cast<uint64_t>(count)) ++half_bits;
  uint64_t value = static_cast<uint64_t>(index);
  // The cycle that contains `index` leads back below `count`, to `index` at the latest.
  do value = Encipher(value, half_bits, seed, pass);
  while (value >= static_cast<uint64_t>(count));
  return static_cast<int64_t>(value);
}

int64_t SequenceOrder::At(int64_t step, int64_t sequence, int64_t count) const {
  const int64_t position = batches.SequencesBefore(step) + sequence;
  const int64_t index = position % count;
  return shuffled ? ShuffledIndex(index, count, seed, static_cast<uint64_t>(position / count)) : index;
}

}  // namespace baton
