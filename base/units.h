// The units that all folders share. They are integers, so that sums are exact and predictions are reproducible.
#ifndef BATON_BASE_UNITS_H_
#define BATON_BASE_UNITS_H_

#include <cstdint>

namespace baton {

// A duration, or a point in time since the start of a step, in nanoseconds.
using Nanos = int64_t;

// A size or an offset in memory, in bytes.
using Bytes = int64_t;

// Every buffer starts at a multiple of this: the size of a cache line and of the widest vector register.
inline constexpr Bytes kBufferAlignment = 64;

// The smallest multiple of kBufferAlignment that is at least `bytes`.
inline constexpr Bytes AlignUp(Bytes bytes) {
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

}  // namespace baton

#endif  // BATON_BASE_UNITS_H_
