// ReadFloats of safetensors.h: 16-bit numbers are read into the second half of the memory for their f32 values and
// widened from the front, so that no value is overwritten before it is read.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

float FromBFloat16(uint16_t bits) { return FromBits(uint32_t{bits} << 16); }

// IEEE 754 binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction.
float FromFloat16(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0x1f) return FromBits(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return FromBits(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;  // subnormal, or zero
  return sign == 0 ? magnitude : -magnitude;
}

template <float (*widen)(uint16_t)>
void WidenFromSecondHalf(int64_t count, float* values) {
  const char* const halves = reinterpret_cast<const char*>(values) + count * 2;
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, halves + 2 * i, sizeof(bits));
    const float value = widen(bits);
    std::memcpy(values + i, &value, sizeof(value));
  }
}

}  // namespace

absl::Status SafetensorsFile::ReadFloats(const StoredTensor& tensor, float* values) const {
  char* const data = reinterpret_cast<char*>(values);
  const uint64_t offset = static_cast<uint64_t>(tensor.offset);
  const size_t bytes = static_cast<size_t>(tensor.bytes);
  if (tensor.dtype == "F32") return ReadAt(offset, data, bytes);
  if (tensor.dtype != "BF16" && tensor.dtype != "F16") {
    return absl::InvalidArgumentError(absl::StrCat("checkpoint ", path_, ": tensor \"", tensor.name, "\" has type ",
                                                   tensor.dtype, ", which is not one of F32, BF16, F16"));
  }
  BATON_RETURN_IF_ERROR(ReadAt(offset, data + bytes, bytes));
  const int64_t count = tensor.bytes / 2;
  if (tensor.dtype == "BF16") {
    WidenFromSecondHalf<FromBFloat16>(count, values);
  } else {
    WidenFromSecondHalf<FromFloat16>(count, values);
  }
  return absl::OkStatus();
}

}  // namespace baton
