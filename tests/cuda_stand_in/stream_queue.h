// Where the stand-in's streams take their work: kernels and library calls are enqueued here, and run on the host.
// Used by kernel launches and by the stand-ins of CUDA's libraries.
#ifndef BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_
#define BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_

#include <cuda_runtime_api.h>

#include <functional>
#include <string>

namespace baton::stand_in {

// Runs `work` in `stream`'s order, at the latest when something waits for it. Any thread.
void Enqueue(cudaStream_t stream, std::function<void()> work);

// Called by enqueued work that went wrong as a kernel does that traps: a sticky error.
void ReportFault(const std::string& fault);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_
