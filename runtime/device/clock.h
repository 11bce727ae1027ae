// The clock of all times in the runtime: CLOCK_MONOTONIC in nanoseconds, which is std::chrono::steady_clock on Linux.
#ifndef BATON_RUNTIME_DEVICE_CLOCK_H_
#define BATON_RUNTIME_DEVICE_CLOCK_H_

#include <chrono>

#include "base/units.h"

namespace baton {

inline Nanos SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CLOCK_H_
