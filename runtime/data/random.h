// Counter-based random numbers for data: a pure function of seed, purpose and position. Used by text.cc and
// clusters.cc. Source: Philox4x64-10, Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#ifndef BATON_RUNTIME_DATA_RANDOM_H_
#define BATON_RUNTIME_DATA_RANDOM_H_

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>

namespace baton {

// The purpose of a number. It is part of the key, so that no two purposes share numbers.
enum class RandomPurpose : uint64_t {
  kTrainingOrder = 1,
  kClusterCenters = 2,
  kClusterNoise = 3,
  kShuffle = 4,
  kMaskedPlaces = 5,
  kMaskedTokens = 6,
};

// 64 random bits for position (a, b).
inline uint64_t RandomBits(uint64_t seed, RandomPurpose purpose, uint64_t a, uint64_t b) {
  const r123::Philox4x64::ctr_type counter = {{a, b, 0, 0}};
  // The upper half keeps these keys apart from other parts of Baton that count purposes from one.
  const r123::Philox4x64::key_type key = {{seed, (uint64_t{0x64617461} << 32) | static_cast<uint64_t>(purpose)}};
  return r123::Philox4x64()(counter, key)[0];
}

// A whole number in [0, limit), limit >= 1. Each probability differs from 1 / limit by less than 2^-64.
inline int64_t RandomBelow(int64_t limit, uint64_t seed, RandomPurpose purpose, uint64_t a, uint64_t b) {
  return static_cast<int64_t>(
      (static_cast<unsigned __int128>(RandomBits(seed, purpose, a, b)) * static_cast<uint64_t>(limit)) >> 64);
}

// N(0, 1) by Box and Muller (1958).
inline double RandomNormal(uint64_t seed, RandomPurpose purpose, uint64_t a, uint64_t b) {
  const uint64_t bits = RandomBits(seed, purpose, a, b);
  const double radius = (static_cast<double>(bits >> 32) + 1.0) / 4294967296.0;  // (0, 1]
  const double angle = static_cast<double>(bits & 0xffffffffu) / 4294967296.0;   // [0, 1)
  return std::sqrt(-2.0 * std::log(radius)) * std::cos(2.0 * 3.141592653589793 * angle);
}

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_RANDOM_H_
