// Vectorisation of the host backend's own loops. Used only by the .cc files of ops/host.
//
// A function marked BATON_SIMD_CLONES is compiled three times; when the program is loaded, the widest version that the
// machine can run is chosen, so that one binary runs on any x86-64. Its loops are marked `#pragma omp simd`, which
// -fopenmp-simd enables without threads. Sums therefore depend on shapes and the machine, never on addresses or
// threads.
#ifndef BATON_OPS_HOST_SIMD_H_
#define BATON_OPS_HOST_SIMD_H_

#include <cstdint>
#include <cstring>

#include "base/bfloat16.h"

// Not with sanitizers, whose checks run before the loader has chosen a version.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(BATON_SANITIZED)
#define BATON_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BATON_SIMD_CLONES
#endif

#define BATON_ALWAYS_INLINE inline __attribute__((always_inline))

namespace baton {

// eˣ within 2 units in the last place for x in [-87, 88]; x is clamped to that range; NaN for NaN. Straight-line code,
// so that loops around it vectorise. Source: Moshier's Cephes, expf.
BATON_ALWAYS_INLINE float VectorizableExp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding 1.5 · 2²³ rounds to an integer, which the low bits then contain.
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  uint32_t exponent;  // modulo 2³²
  std::memcpy(&exponent, &shifted, sizeof(exponent));
  exponent -= 0x4B400000u;
  const float whole = shifted - 12582912.0f;
  const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const uint32_t bits = (exponent + 127u) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof(power));
  return p * power;
}

// *to ← value, rounded to bf16 if `to` is the bits of one.
BATON_ALWAYS_INLINE void StoreAs(float value, float* to) { *to = value; }
BATON_ALWAYS_INLINE void StoreAs(float value, uint16_t* to) { *to = ToBFloat16Bits(value); }

}  // namespace baton

#endif  // BATON_OPS_HOST_SIMD_H_
