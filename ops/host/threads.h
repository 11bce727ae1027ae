// How many threads the host kernels that a thread calls may use. Called by whoever makes the threads that call kernels.
#ifndef BATON_OPS_HOST_THREADS_H_
#define BATON_OPS_HOST_THREADS_H_

namespace baton {

// For the calling thread alone: each device's worker has a pool of its own. `threads` is at least 1.
void SetHostThreads(int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_THREADS_H_
