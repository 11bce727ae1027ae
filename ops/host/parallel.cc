// A team of libgomp's threads a loop.
#include "ops/host/parallel.h"

#include <omp.h>

#include <algorithm>

#include "base/mutex.h"

// The function that `#pragma omp parallel` compiles to. Called directly, it needs no -fopenmp, whose runtime library
// would be another one with Clang.
extern "C" void GOMP_parallel(void (*function)(void*), void* data, unsigned num_threads, unsigned flags);

#ifdef __SANITIZE_THREAD__
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace baton {
namespace {

using Work = absl::FunctionRef<void(int64_t begin, int64_t end, int thread)>;

struct Loop {
  Work work;
  int64_t count;
  char started = 0, ended = 0;  // addresses for the thread sanitizer, which does not know libgomp's barriers
};

void RunPart(void* data) {
  Loop& loop = *static_cast<Loop*>(data);
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(&loop.started);
#endif
  const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  const int64_t begin = loop.count * thread / threads, end = loop.count * (thread + 1) / threads;
  if (begin < end) loop.work(begin, end, static_cast<int>(thread));
#ifdef __SANITIZE_THREAD__
  __tsan_release(&loop.ended);
#endif
}

}  // namespace

void ParallelFor(int threads, int64_t count, int64_t least, Work work) {
  const int64_t used = std::min<int64_t>(threads, count / std::max<int64_t>(least, 1));
  if (used <= 1) {
    if (count > 0) work(0, count, 0);
    return;
  }
  Loop loop{work, count};
#ifdef __SANITIZE_THREAD__
  __tsan_release(&loop.started);
#endif
  GOMP_parallel(RunPart, &loop, static_cast<unsigned>(used), 0);
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(&loop.ended);
#endif
}

absl::Status TryParallelFor(int threads, int64_t count, int64_t least,
                            absl::FunctionRef<absl::Status(int64_t begin, int64_t end, int thread)> work) {
  Mutex mutex;
  absl::Status first_error;
  ParallelFor(threads, count, least, [&](int64_t begin, int64_t end, int thread) {
    const absl::Status status = work(begin, end, thread);
    if (status.ok()) return;
    const MutexLock lock(&mutex);
    first_error.Update(status);
  });
  return first_error;
}

}  // namespace baton
