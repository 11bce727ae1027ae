// Forking, joining and launching.
#include "runtime/device/cuda/cuda_step_graph.h"

#include <utility>

#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/device/cuda/cuda_stream.h"

namespace baton {
namespace {

// Orders two streams by an event that lives during the call. In a capture it leaves an edge in the graph, not a node.
absl::Status MakeOrder(cudaStream_t before, cudaStream_t after) {
  cudaEvent_t event = nullptr;
  BATON_RETURN_IF_CUDA_ERROR(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  cudaError_t error = cudaEventRecord(event, before);
  if (error == cudaSuccess) error = cudaStreamWaitEvent(after, event, 0);
  cudaEventDestroy(event);
  BATON_RETURN_IF_CUDA_ERROR(error);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<CudaStepGraph>> CudaStepGraph::Create(std::vector<CudaDevice*> devices, bool timed) {
  std::unique_ptr<CudaStepGraph> graph(new CudaStepGraph(std::move(devices), timed));
  BATON_RETURN_IF_ERROR(graph->devices_[0]->MakeCurrent());
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamCreateWithFlags(&graph->origin_, cudaStreamNonBlocking));
  return graph;
}

CudaStepGraph::~CudaStepGraph() {
  if (executable_ != nullptr) cudaGraphExecDestroy(executable_);
  if (origin_ != nullptr) cudaStreamDestroy(origin_);
}

void CudaStepGraph::SetRecording(const CudaRecording& recording) {
  for (CudaDevice* device : devices_) device->set_recording(recording);
}

absl::Status CudaStepGraph::Begin() {
  // Thread-local: other threads (a profiler's, a data loader's) may call CUDA meanwhile.
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamBeginCapture(origin_, cudaStreamCaptureModeThreadLocal));
  SetRecording({true, timed_});
  absl::Status status = Fork();
  if (!status.ok()) End().IgnoreError();
  return status;
}

absl::Status CudaStepGraph::Fork() {
  BATON_RETURN_IF_ERROR(devices_[0]->MakeCurrent());
  for (CudaDevice* device : devices_) {
    for (CudaStream* stream : device->Streams()) BATON_RETURN_IF_ERROR(MakeOrder(origin_, stream->stream()));
  }
  return absl::OkStatus();
}

absl::Status CudaStepGraph::Join() {
  for (CudaDevice* device : devices_) {
    BATON_RETURN_IF_ERROR(device->MakeCurrent());
    for (CudaStream* stream : device->Streams()) BATON_RETURN_IF_ERROR(MakeOrder(stream->stream(), origin_));
  }
  return devices_[0]->MakeCurrent();
}

absl::Status CudaStepGraph::End() {
  SetRecording({});
  const absl::Status joined = Join();
  // Ends the capture even after an error, so that the streams are usable again.
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(origin_, &graph);
  if (!joined.ok()) {
    if (graph != nullptr) cudaGraphDestroy(graph);
    return joined;
  }
  BATON_RETURN_IF_CUDA_ERROR(ended);
  const cudaError_t instantiated = cudaGraphInstantiate(&executable_, graph, 0);
  cudaGraphDestroy(graph);
  BATON_RETURN_IF_CUDA_ERROR(instantiated);
  BATON_RETURN_IF_CUDA_ERROR(cudaGraphUpload(executable_, origin_));
  return absl::OkStatus();
}

absl::Status CudaStepGraph::Launch() {
  BATON_RETURN_IF_ERROR(devices_[0]->MakeCurrent());
  BATON_RETURN_IF_CUDA_ERROR(cudaGraphLaunch(executable_, origin_));
  return absl::OkStatus();
}

absl::StatusOr<bool> CudaStepGraph::Done() {
  const cudaError_t error = cudaStreamQuery(origin_);
  if (error == cudaErrorNotReady) return false;
  BATON_RETURN_IF_CUDA_ERROR(error);
  return true;
}

}  // namespace baton
