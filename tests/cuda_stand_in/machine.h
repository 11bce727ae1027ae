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
#include "absl/synchronization/mutex.h"
#include "tests/cuda_stand_in/work_queue.h"

namespace baton::stand_in {

struct GraphNode {
  std::function<void()> run;
  std::vector<int> waits;         // earlier nodes
  cudaEvent_t records = nullptr;  // an event that is recorded when the graph runs
};

// What a stream and those that joined it record between cudaStreamBeginCapture and EndCapture.
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
  absl::Mutex mutex;
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

// Keeps `error` as the thread's last one.
cudaError_t Fail(cudaError_t error);
// What any call fails with now: a fault that stays, or no GPU.
cudaError_t MachineError();
// For calls that may not be made while the calling thread captures: invalidates its captures.
cudaError_t RefuseInCapture();
// The default stream's object for null; null if the thread captures.
cudaStream_t Resolve(cudaStream_t stream);
// Puts `work` on `stream`, or into what it captures.
cudaError_t TryEnqueue(cudaStream_t stream, std::function<void()> work);

// Checks the memory's guards; the fault they show, or empty.
std::string CheckGuards();
void MendGuards();
bool IsDeviceMemory(const void* pointer, size_t bytes);
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
  std::shared_ptr<baton::stand_in::Work> last;            // null: never recorded
  std::shared_ptr<baton::stand_in::Capture> captured_in;  // recorded in a capture since
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
