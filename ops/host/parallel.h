// Loops over the threads of a host device: libgomp's, which oneDNN uses as well, so that a device has one set of
// threads. Used only by the .cc files of ops/host.
//
//   ParallelFor(threads_, rows, kRowsPerThread, [&](int64_t begin, int64_t end, int thread) { … });
#ifndef BATON_OPS_HOST_PARALLEL_H_
#define BATON_OPS_HOST_PARALLEL_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace baton {

// Calls work(begin, end, thread) with consecutive parts of [0, count), at the same time on up to `threads` threads,
// thread 0 being the calling one, and returns when all are done. A thread gets at least `least` of `count`; a count
// below 2 · least runs on the calling thread alone. oneDNN calls inside `work` use one thread if there are several. The
// parts depend on the number of threads: results that must not may depend on no part's bounds. Allocates nothing.
void ParallelFor(int threads, int64_t count, int64_t least,
                 absl::FunctionRef<void(int64_t begin, int64_t end, int thread)> work);

// The same for work that may fail. Returns one of the errors.
absl::Status TryParallelFor(int threads, int64_t count, int64_t least,
                            absl::FunctionRef<absl::Status(int64_t begin, int64_t end, int thread)> work);

// `least` for loops that touch about `bytes` bytes per element of `count`: a thread's part is worth the time of waking
// it, some microseconds.
constexpr int64_t LeastPart(int64_t bytes) {
  constexpr int64_t kWorthAThread = 64 << 10;
  return bytes >= kWorthAThread ? 1 : kWorthAThread / bytes;
}

}  // namespace baton

#endif  // BATON_OPS_HOST_PARALLEL_H_
