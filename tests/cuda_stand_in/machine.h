// The state behind the stand-in of the CUDA runtime: GPUs, streams, events, captures, errors. Used by its *_api.cc
// files alone.
#ifndef BATON_TESTS_CUDA_STAND_IN_MACHINE_H_
#define BATON_TESTS_CUDA_STAND_IN_MACHINE_H_

#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "tests/cuda_stand_in/work_queue.h"

namespace baton::stand_in {

struct GraphNode {
  std::function<void()> run;
  std::vector<int> waits;         // indices of earlier nodes that run before it
  cudaEvent_t records = nullptr;  // the event that this node records when the graph runs; null: none
  // Instead of `run`, for what stands still until another graph or stream does something: enqueues it behind `before`
  // and returns its end. The caller holds the machine's lock.
  std::function<std::shared_ptr<Work>(const std::vector<std::shared_ptr<Work>>& before)> enqueue;
};

// The nodes that a stream, and the streams that join it, record between cudaStreamBeginCapture and EndCapture.
struct Capture {
  cudaStream_t origin = nullptr;
  std::thread::id thread;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  bool invalidated = false;
  bool ended = false;
  std::vector<GraphNode> nodes;
  std::vector<cudaStream_t> streams;
};

// Thread contract: any thread. `mutex` also guards the members of streams, events and captures; `work` has a lock of
// its own.
struct Machine {
  WorkQueue work;
  baton::Mutex mutex;
  int num_gpus ABSL_GUARDED_BY(mutex) = 1;
  cudaError_t sticky ABSL_GUARDED_BY(mutex) = cudaSuccess;
  std::string fault ABSL_GUARDED_BY(mutex);
  int64_t fail_enqueued ABSL_GUARDED_BY(mutex) = -1;  // counts down
  int64_t num_streams ABSL_GUARDED_BY(mutex) = 0;
  int64_t num_events ABSL_GUARDED_BY(mutex) = 0;
  int64_t last_graph_nodes ABSL_GUARDED_BY(mutex) = 0;
  int64_t num_launches ABSL_GUARDED_BY(mutex) = 0;
  std::map<int, cudaStream_t> default_streams ABSL_GUARDED_BY(mutex);  // [GPU]
  std::vector<std::shared_ptr<Capture>> captures ABSL_GUARDED_BY(mutex);
};

Machine& TheMachine();
int& CurrentGpu();  // of the calling thread

// Records `error` as the thread's last error, unless it is cudaSuccess, and returns it.
cudaError_t Fail(cudaError_t error);
// The error that every call returns now: cudaErrorNoDevice without a GPU, the sticky error after a fault.
cudaError_t MachineError();
// Invalidates the captures of the calling thread and returns an error if there are any. For calls that are not allowed
// during capture.
cudaError_t RefuseInCapture();
// Returns `stream`, or the default stream's object for null; returns null for null while the thread captures.
cudaStream_t Resolve(cudaStream_t stream);
// Enqueues `work` on `stream`, or adds a node to the graph that the stream captures.
cudaError_t TryEnqueue(cudaStream_t stream, std::function<void()> work);

// Returns the fault that the guards of the allocations show; empty: none.
std::string CheckGuards();
// Restores all guards.
void MendGuards();
// True if [pointer, pointer + bytes) is inside one allocation.
bool IsDeviceMemory(const void* pointer, size_t bytes);
// Opens closed device memory to the host, or closes it again. Calls nest.
void SetMemoryOpen(bool open);

}  // namespace baton::stand_in

struct CUstream_st {
  int gpu = 0;
  std::shared_ptr<baton::stand_in::Work> tail;
  std::shared_ptr<baton::stand_in::Capture> capture;
  std::vector<int> capture_tails;
};

struct CUevent_st {
  int gpu = 0;
  bool has_time = true;
  std::shared_ptr<baton::stand_in::Work> last;            // the last record; null: never recorded
  std::shared_ptr<baton::stand_in::Capture> captured_in;  // the capture that recorded it since; null: none
  std::vector<int> captured_tails;
};

struct CUgraph_st {
  std::vector<baton::stand_in::GraphNode> nodes;
};

struct CUgraphExec_st {
  std::vector<baton::stand_in::GraphNode> nodes;
  std::shared_ptr<baton::stand_in::Work> last_launch;
};

#endif  // BATON_TESTS_CUDA_STAND_IN_MACHINE_H_
