// The stand-in's streams and events, during capture and outside it.
#include <algorithm>
#include <utility>

#include "tests/cuda_stand_in/machine.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

// Appends a node to the graph that `stream` captures; the stream's later nodes wait for it. The caller holds the
// machine's lock.
void AddNode(cudaStream_t stream, std::function<void()> run, cudaEvent_t records) {
  std::vector<GraphNode>& nodes = stream->capture->nodes;
  nodes.push_back({std::move(run), stream->capture_tails, records, nullptr});
  stream->capture_tails = {static_cast<int>(nodes.size()) - 1};
}

// Why `stream` cannot take work now.
cudaError_t ErrorOf(const Machine& machine, cudaStream_t stream) ABSL_SHARED_LOCKS_REQUIRED(machine.mutex) {
  if (machine.num_gpus == 0) return cudaErrorNoDevice;
  if (machine.sticky != cudaSuccess) return machine.sticky;
  if (stream == nullptr) return cudaErrorStreamCaptureImplicit;
  if (stream->capture != nullptr && stream->capture->invalidated) return cudaErrorStreamCaptureInvalidated;
  return cudaSuccess;
}

void MergeTails(std::vector<int>* tails, const std::vector<int>& others) {
  for (int tail : others) {
    if (std::find(tails->begin(), tails->end(), tail) == tails->end()) tails->push_back(tail);
  }
}

}  // namespace

cudaStream_t Resolve(cudaStream_t stream) {
  if (stream != nullptr) return stream;
  if (RefuseInCapture() != cudaSuccess) return nullptr;
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  cudaStream_t& own = machine.default_streams[CurrentGpu()];
  if (own == nullptr) {
    own = new CUstream_st;
    own->gpu = CurrentGpu();
  }
  return own;
}

cudaError_t TryEnqueue(cudaStream_t stream, std::function<void()> work) {
  stream = Resolve(stream);
  Machine& machine = TheMachine();
  {
    baton::MutexLock lock(&machine.mutex);
    if (cudaError_t error = ErrorOf(machine, stream); error != cudaSuccess) return error;
    if (machine.fail_enqueued >= 0 && machine.fail_enqueued-- == 0) {
      work = [] { ReportFault("injected"); };
    }
    if (stream->capture != nullptr) {
      AddNode(stream, std::move(work), nullptr);
      return cudaSuccess;
    }
    stream->tail = machine.work.Add(std::move(work), {stream->tail});
  }
  machine.work.RunNowAndThen();
  return cudaSuccess;
}

void Enqueue(cudaStream_t stream, std::function<void()> work) {
  const cudaStream_t resolved = Resolve(stream);
  if (resolved != nullptr && resolved->gpu != CurrentGpu()) {
    ReportFault("a kernel was launched in a stream of another GPU than the current one");
    return;
  }
  // The caller reads the error by cudaGetLastError, as after a launch that CUDA refuses.
  Fail(TryEnqueue(stream, std::move(work)));
}

}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: the runtime's functions are outside of any namespace

extern "C" {

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  *stream = new CUstream_st;
  (*stream)->gpu = CurrentGpu();
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  ++machine.num_streams;
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  --machine.num_streams;
  delete stream;  // what it enqueued still runs
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  stream = Resolve(stream);
  std::shared_ptr<Work> tail;
  {
    Machine& machine = TheMachine();
    baton::MutexLock lock(&machine.mutex);
    tail = stream->tail;
  }
  TheMachine().work.RunUntilDone(tail);
  if (std::string fault = CheckGuards(); !fault.empty()) ReportFault(fault);
  return Fail(MachineError());
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  stream = Resolve(stream);
  std::shared_ptr<Work> tail;
  {
    Machine& machine = TheMachine();
    baton::MutexLock lock(&machine.mutex);
    if (stream != nullptr && stream->capture != nullptr) stream->capture->invalidated = true;
    if (stream == nullptr || stream->capture != nullptr) return Fail(cudaErrorStreamCaptureUnsupported);
    tail = stream->tail;
  }
  const bool done = TheMachine().work.Poll(tail);
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  if (!done) return cudaErrorNotReady;
  if (std::string fault = CheckGuards(); !fault.empty()) ReportFault(fault);
  return Fail(MachineError());
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
  stream = Resolve(stream);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (cudaError_t error = ErrorOf(machine, stream); error != cudaSuccess) return Fail(error);
  if (event->captured_in != nullptr) {
    if (event->captured_in->ended) return Fail(cudaErrorCapturedEvent);
    if (stream->capture == nullptr) {
      stream->capture = event->captured_in;
      stream->capture_tails.clear();
      stream->capture->streams.push_back(stream);
    } else if (stream->capture != event->captured_in) {
      return Fail(cudaErrorStreamCaptureMerge);
    }
    MergeTails(&stream->capture_tails, event->captured_tails);
    return cudaSuccess;
  }
  if (stream->capture != nullptr) {
    // Recorded before the capture, or never.
    stream->capture->invalidated = true;
    return Fail(cudaErrorStreamCaptureIsolation);
  }
  if (event->last != nullptr) stream->tail = machine.work.Add(nullptr, {stream->tail, event->last});
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  *status = stream == nullptr || stream->capture == nullptr ? cudaStreamCaptureStatusNone
            : stream->capture->invalidated                  ? cudaStreamCaptureStatusInvalidated
                                                            : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return Fail(TryEnqueue(stream, [function, data] { function(data); }));
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  *event = new CUevent_st;
  (*event)->gpu = CurrentGpu();
  (*event)->has_time = (flags & cudaEventDisableTiming) == 0;
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  ++machine.num_events;
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  --machine.num_events;
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int flags) {
  stream = Resolve(stream);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (cudaError_t error = ErrorOf(machine, stream); error != cudaSuccess) return Fail(error);
  if (event->gpu != stream->gpu) return Fail(cudaErrorInvalidResourceHandle);
  const bool external = (flags & cudaEventRecordExternal) != 0;
  if (stream->capture == nullptr) {
    if (external) return Fail(cudaErrorIllegalState);
    stream->tail = machine.work.Add(nullptr, {stream->tail});
    event->last = stream->tail;
    event->captured_in = nullptr;
  } else if (external) {
    AddNode(stream, nullptr, event);
  } else {
    event->captured_in = stream->capture;
    event->captured_tails = stream->capture_tails;
  }
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  std::shared_ptr<Work> last;
  {
    Machine& machine = TheMachine();
    baton::MutexLock lock(&machine.mutex);
    if (event->captured_in != nullptr) {
      event->captured_in->invalidated = true;
      return Fail(cudaErrorCapturedEvent);
    }
    last = event->last;
  }
  const bool done = TheMachine().work.Poll(last);
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  return done ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  std::shared_ptr<Work> last;
  {
    Machine& machine = TheMachine();
    baton::MutexLock lock(&machine.mutex);
    if (event->captured_in != nullptr) return Fail(cudaErrorCapturedEvent);
    last = event->last;
  }
  TheMachine().work.RunUntilDone(last);
  return Fail(MachineError());
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  for (cudaEvent_t event : {start, end}) {
    if (!event->has_time || event->last == nullptr || event->captured_in != nullptr || event->gpu != start->gpu) {
      return Fail(cudaErrorInvalidResourceHandle);
    }
    if (!event->last->done) return Fail(cudaErrorNotReady);
  }
  *milliseconds = static_cast<float>(static_cast<double>(end->last->done_at - start->last->done_at) * 1e-6);
  return cudaSuccess;
}

}  // extern "C"
