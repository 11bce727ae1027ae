// A buffer that detects writes outside its bytes and, once frozen, any write. Used by layer_run and the conformance
// tests.
#ifndef BATON_TESTS_CONFORMANCE_GUARDED_BUFFER_H_
#define BATON_TESTS_CONFORMANCE_GUARDED_BUFFER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/bfloat16.h"
#include "base/units.h"
#include "ops/tensor/shape.h"
#include "tests/conformance/backends.h"

namespace baton {

// Owns guard bytes, `bytes` bytes of data and guard bytes. data() is kBufferAlignment-aligned. Starts poisoned: every
// byte is 0xff, which reads as NaN or as the id −1. Thread contract: one thread at a time.
//
//   GuardedBuffer input(under_test, "input", bytes);
//   input.WriteFloats(DataType::kFloat32, values);
//   input.Freeze();
//   ...                                            // the call under test
//   BATON_RETURN_IF_ERROR(input.CheckUnchanged());
//   BATON_RETURN_IF_ERROR(input.CheckGuards());
class GuardedBuffer {
 public:
  // `shift`: moves data() by that many times kBufferAlignment, to vary addresses; at least 0.
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

  // Records the contents for CheckUnchanged.
  void Freeze();
  // Errors: Internal if a byte has changed since Freeze.
  absl::Status CheckUnchanged() const;
  // Errors: Internal if a byte before or after the data was written.
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
