// Rounding to bf16, up or down at random, so that the mean over many updates is the value: updates that are smaller
// than half of bf16's spacing are not lost. Used by the optimizers of all backends for parameters that nothing keeps in
// f32.
//
// The random bits of an element depend on the parameter's key, the run's seed, the number of the update and the
// element's place in the parameter alone: threads, shards, replicas, stages and schedules do not change them.
//
// Source: Philox4x32-10 (Salmon et al. 2011). Counter: the number of the block of eight elements, and the update.
#ifndef BATON_OPS_OPTIMIZER_STOCHASTIC_ROUNDING_H_
#define BATON_OPS_OPTIMIZER_STOCHASTIC_ROUNDING_H_

#include <Random123/philox.h>

#include <cstdint>
#include <cstring>

#include "base/host_device_function.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// The elements whose bits one draw has, 16 each.
inline constexpr int64_t kRoundingBlock = 8;

using RoundingWords = r123::Philox4x32::ctr_type;

// The words of elements kRoundingBlock · block to kRoundingBlock · (block + 1) − 1 of the parameter.
BATON_HOST_DEVICE inline RoundingWords DrawRounding(uint64_t parameter_key, uint64_t seed, int64_t update,
                                                    int64_t block) {
  // Another stream than that of a layer's dropout with the same name.
  const uint64_t key = parameter_key ^ (seed * 0x9E3779B97F4A7C15u) ^ 0x726F756E64696E67u;
  const RoundingWords counter = {{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                  static_cast<uint32_t>(update), static_cast<uint32_t>(update >> 32)}};
  const r123::Philox4x32::key_type words = {{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}};
  return r123::Philox4x32{}(counter, words);
}

// The 16 bits of element `n` of the block.
BATON_HOST_DEVICE inline uint32_t RoundingBits(const RoundingWords& words, int n) {
  return words.v[n / 2] >> (n % 2 * 16) & 0xffff;
}

// One of the two numbers of bf16 next to `value`, as f32: the one away from zero with a probability that is the
// distance from the other one, in units of 2⁻¹⁶ of the spacing. A number of bf16 stays; so does an infinity, and a NaN
// stays one.
BATON_HOST_DEVICE inline float RoundStochastically(float value, uint32_t random_bits) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if ((bits & 0x7f800000) != 0x7f800000) {
    bits += random_bits;
  } else if ((bits & 0x007fffff) != 0) {
    bits |= 0x00400000;
  }
  bits &= 0xffff0000;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// Rounds elements [begin, end) of a parameter that `rounds`, whose values are f32.
inline void RoundElements(const OptimizedParameter& parameter, const UpdateControl& control, int64_t begin,
                          int64_t end) {
  float* const values = reinterpret_cast<float*>(parameter.values);
  RoundingWords words = {};
  for (int64_t i = begin; i < end; ++i) {
    const int64_t element = parameter.first_element + i;
    if (i == begin || element % kRoundingBlock == 0) {
      words = DrawRounding(parameter.rounding_key, control.seed, control.step, element / kRoundingBlock);
    }
    values[i] = RoundStochastically(values[i], RoundingBits(words, static_cast<int>(element % kRoundingBlock)));
  }
}

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_STOCHASTIC_ROUNDING_H_
