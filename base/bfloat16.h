// bf16, the upper half of f32, as bits. Used where host code writes or checks what a device computes in bf16.
#ifndef BATON_BASE_BFLOAT16_H_
#define BATON_BASE_BFLOAT16_H_

#include <cstdint>
#include <cstring>

namespace baton {

// Rounds to nearest, ties to even; a NaN stays one.
inline uint16_t ToBFloat16Bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if (value != value) return static_cast<uint16_t>(bits >> 16 | 0x40);
  const uint32_t round_up_if_odd = bits >> 16 & 1;
  return static_cast<uint16_t>((bits + 0x7fff + round_up_if_odd) >> 16);
}

inline float FromBFloat16Bits(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

}  // namespace baton

#endif  // BATON_BASE_BFLOAT16_H_
