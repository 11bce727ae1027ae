// The stand-in's devices and errors: cudaGetDevice, cudaGetLastError and the like.
#include <cstdio>
#include <cstring>

#include "tests/cuda_stand_in/machine.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_gpu = 0;

}  // namespace

Machine& TheMachine() {
  // Never destroyed, so that objects that still exist at the end of the process may use it.
  static Machine* const machine = new Machine;
  return *machine;
}

int& CurrentGpu() { return current_gpu; }

cudaError_t Fail(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t MachineError() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (machine.num_gpus == 0) return cudaErrorNoDevice;
  return machine.sticky;
}

cudaError_t RefuseInCapture() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  bool refused = false;
  for (const std::shared_ptr<Capture>& capture : machine.captures) {
    const bool concerns = capture->mode == cudaStreamCaptureModeGlobal || capture->thread == std::this_thread::get_id();
    if (!concerns || capture->mode == cudaStreamCaptureModeRelaxed) continue;
    capture->invalidated = true;
    refused = true;
  }
  return refused ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

void ReportFault(const std::string& fault) {
  Machine& machine = TheMachine();
  {
    baton::MutexLock lock(&machine.mutex);
    if (machine.sticky != cudaSuccess) return;
    machine.sticky = cudaErrorIllegalAddress;
    machine.fault = fault;
  }
  std::fprintf(stderr, "the CUDA stand-in found a fault: %s\n", fault.c_str());
  machine.work.Break();
}

void ResetMachine() {
  Machine& machine = TheMachine();
  machine.work.Clear();
  MendGuards();
  last_error = cudaSuccess;
  baton::MutexLock lock(&machine.mutex);
  machine.sticky = cudaSuccess;
  machine.fault.clear();
  machine.fail_enqueued = -1;
  machine.captures.clear();
}

void SetNumGpus(int count) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  machine.num_gpus = count;
}

void FailEnqueued(int64_t n) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  machine.fail_enqueued = n;
}

void SetWorkOrder(uint64_t seed) { TheMachine().work.SetSeed(seed); }

int64_t NumStreams() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  return machine.num_streams;
}
int64_t NumEvents() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  return machine.num_events;
}
int64_t NumNodesOfLastGraph() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  return machine.last_graph_nodes;
}
int64_t NumGraphLaunches() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  return machine.num_launches;
}
std::string LastFault() {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  return machine.fault;
}

}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: the runtime's functions are outside of any namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (machine.num_gpus == 0) return Fail(cudaErrorNoDevice);
  *count = machine.num_gpus;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = CurrentGpu();
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (device < 0 || device >= machine.num_gpus) return Fail(cudaErrorInvalidDevice);
  CurrentGpu() = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  TheMachine().work.RunAll();
  return Fail(MachineError());
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  *can = device != peer;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned int flags) {
  static std::map<std::pair<int, int>, bool> enabled;
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  if (peer == CurrentGpu() || peer < 0 || peer >= machine.num_gpus) return Fail(cudaErrorInvalidDevice);
  bool& is_enabled = enabled[{CurrentGpu(), peer}];
  if (is_enabled) return Fail(cudaErrorPeerAccessAlreadyEnabled);
  is_enabled = true;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = 132;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = 227 << 10;
      break;
    default:
      return Fail(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  std::memset(properties, 0, sizeof(*properties));
  std::strcpy(properties->name, "stand-in");
  properties->major = 9;
  properties->multiProcessorCount = 132;
  properties->totalGlobalMem = size_t{80} << 30;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  Machine& machine = TheMachine();
  baton::MutexLock lock(&machine.mutex);
  *version = machine.num_gpus == 0 ? 0 : CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) { return cudaSuccess; }

cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  const cudaError_t sticky = MachineError();
  return sticky == cudaSuccess ? error : sticky;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureUnjoined:
      return "cudaErrorStreamCaptureUnjoined";
    case cudaErrorStreamCaptureIsolation:
      return "cudaErrorStreamCaptureIsolation";
    case cudaErrorStreamCaptureImplicit:
      return "cudaErrorStreamCaptureImplicit";
    case cudaErrorCapturedEvent:
      return "cudaErrorCapturedEvent";
    default:
      return "another error of the CUDA stand-in";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorNoDevice) return "no CUDA-capable device is detected";
  if (error == cudaErrorIllegalAddress) return "an illegal memory access was encountered";
  return "an error of the CUDA stand-in";
}

}  // extern "C"
