// The stand-in's graphs: capturing and launching them.
#include <algorithm>
#include <utility>

#include "tests/cuda_stand_in/machine.h"

namespace baton::stand_in {
namespace {

// True if each of `nodes` is one of the `tails` or runs before one of them.
bool AllLeadTo(const Capture& capture, const std::vector<int>& nodes, const std::vector<int>& tails) {
  std::vector<bool> leads(capture.nodes.size(), false);
  for (int tail : tails) leads[tail] = true;
  for (int node = static_cast<int>(capture.nodes.size()) - 1; node >= 0; --node) {
    if (!leads[node]) continue;
    for (int wait : capture.nodes[node].waits) leads[wait] = true;
  }
  return std::all_of(nodes.begin(), nodes.end(), [&](int node) { return leads[node]; });
}

}  // namespace
}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: the runtime's functions are outside of any namespace

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  if (stream == nullptr) return Fail(cudaErrorStreamCaptureUnsupported);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (stream->capture != nullptr) return Fail(cudaErrorIllegalState);
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->thread = std::this_thread::get_id();
  capture->mode = mode;
  capture->streams = {stream};
  stream->capture = capture;
  stream->capture_tails.clear();
  machine.captures.push_back(std::move(capture));
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) return Fail(cudaErrorIllegalState);
  if (capture->origin != stream) return Fail(cudaErrorStreamCaptureUnmatched);
  if (capture->thread != std::this_thread::get_id()) return Fail(cudaErrorStreamCaptureWrongThread);
  cudaError_t error = capture->invalidated ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
  for (cudaStream_t each : capture->streams) {
    if (error == cudaSuccess && !AllLeadTo(*capture, each->capture_tails, stream->capture_tails)) {
      error = cudaErrorStreamCaptureUnjoined;
    }
  }
  for (cudaStream_t each : capture->streams) each->capture = nullptr;
  capture->ended = true;
  machine.captures.erase(std::find(machine.captures.begin(), machine.captures.end(), capture));
  if (error != cudaSuccess) return Fail(error);
  *graph = new CUgraph_st{std::move(capture->nodes)};
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  *executable = new CUgraphExec_st{graph->nodes, nullptr};
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  machine.last_graph_nodes = static_cast<int64_t>(graph->nodes.size());
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) { return Fail(MachineError()); }

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  stream = Resolve(stream);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (stream == nullptr || stream->capture != nullptr) return Fail(cudaErrorStreamCaptureUnsupported);
  // Held until all nodes are added, so that no node runs before another one waits for it.
  const std::shared_ptr<Work> begin = machine.work.AddHeld(nullptr, {stream->tail, executable->last_launch});
  std::vector<std::shared_ptr<Work>> works;
  for (const GraphNode& node : executable->nodes) {
    std::vector<std::shared_ptr<Work>> waits = {begin};
    for (int wait : node.waits) waits.push_back(works[wait]);
    works.push_back(node.enqueue ? node.enqueue(waits) : machine.work.Add(node.run, waits));
    if (node.records != nullptr) {
      node.records->last = works.back();
      node.records->captured_in = nullptr;
    }
  }
  works.push_back(begin);
  stream->tail = machine.work.Add(nullptr, works);
  executable->last_launch = stream->tail;
  ++machine.num_launches;
  machine.work.Release(begin);
  return cudaSuccess;
}

}  // extern "C"
