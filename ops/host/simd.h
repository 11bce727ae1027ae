// How the host's own loops are vectorised. Used by the .cc files of ops/host alone.
//
// A function marked BATON_SIMD_CLONES is compiled three times and the widest that the machine can run is chosen when
// the program is loaded, so that one binary runs on any x86-64. Its loops say `#pragma omp simd`; -fopenmp-simd alone
// gives that a meaning, no threads. Sums therefore depend on shapes and machine, never on addresses or threads.
#ifndef BATON_OPS_HOST_SIMD_H_
#define BATON_OPS_HOST_SIMD_H_

#include <cstdint>
#include <cstring>

// Sanitizers run before the loader has resolved the clones.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(BATON_SANITIZED)
#define BATON_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BATON_SIMD_CLONES
#endif

#define BATON_ALWAYS_INLINE inline __attribute__((always_inline))

namespace baton {

// eˣ to within 2 units in the last place for x in [-87, 88], clamped outside, NaN for NaN; straight-line code, so that
// a loop around it vectorises. Source: Moshier's Cephes, expf.
BATON_ALWAYS_INLINE float VectorizableExp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding 1.5 · 2²³ rounds to an integer, which is then in the low bits.
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

}  // namespace baton

#endif  // BATON_OPS_HOST_SIMD_H_
