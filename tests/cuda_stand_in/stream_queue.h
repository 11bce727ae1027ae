// Enqueues work on the stand-in's streams; it runs on the host. Used by kernel launches and by the stand-ins of CUDA's
// libraries.
#ifndef BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_
#define BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_

#include <cuda_runtime_api.h>

#include <functional>
#include <string>

namespace baton::stand_in {

// Runs `work` in `stream`'s order, at the latest when something waits for it. Thread contract: any thread.
void Enqueue(cudaStream_t stream, std::function<void()> work);

// Makes every later call fail with a sticky error, as after a kernel that trapped. Called by enqueued work.
void ReportFault(const std::string& fault);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_STREAM_QUEUE_H_
