// A buffer that notices being written outside or, if it is only read, being written at all. Used by layer_run and the
// conformance tests.
#ifndef BATON_TESTS_CONFORMANCE_GUARDED_BUFFER_H_
#define BATON_TESTS_CONFORMANCE_GUARDED_BUFFER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "ops/tensor/shape.h"
#include "tests/conformance/backends.h"

namespace baton {

// bf16 is the upper half of f32; rounds to nearest, ties to even, as every backend must.
uint16_t ToBFloat16Bits(float value);
float FromBFloat16Bits(uint16_t bits);

// Owns its memory: guard bytes, `bytes`, guard bytes; data() is kBufferAlignment-aligned. Starts poisoned: every byte
// 0xff, a NaN as float or double and −1 as an id. Thread contract: one thread at a time.
class GuardedBuffer {
 public:
  // `shift`: moves data() by so many times kBufferAlignment, to vary addresses.
  GuardedBuffer(const BackendUnderTest& under_test, std::string name, Bytes bytes, int shift = 0);
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  std::byte* data() { return data_; }
  Bytes bytes() const { return bytes_; }

  void Poison();
  void WriteFloats(DataType type, const std::vector<double>& values);
  void WriteIds(const std::vector<int32_t>& ids);
  std::vector<double> ReadFloats(DataType type) const;

  // Remembers what is in it, for CheckUnchanged.
  void Freeze();
  // Errors: Internal if a byte differs from when it was frozen.
  absl::Status CheckUnchanged() const;
  // Errors: Internal if a byte before or after it was written.
  absl::Status CheckGuards() const;

 private:
  const BackendUnderTest& under_test_;
  const std::string name_;
  const Bytes bytes_;
  Bytes allocated_bytes_;
  std::byte* allocation_;
  std::byte* data_;
  std::vector<std::byte> frozen_;
};

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_GUARDED_BUFFER_H_
