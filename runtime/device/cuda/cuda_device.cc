// Memory, streams and cancelling of a GPU.
#include "runtime/device/cuda/cuda_device.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/device/cuda/cuda_step_graph.h"
#include "runtime/device/cuda/cuda_stream.h"

namespace baton {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

}  // namespace

absl::StatusOr<int> CountGpus() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return count;
  cudaGetLastError();  // clears the error, which must not fail a later call
  return absl::UnavailableError(
      absl::StrCat("no CUDA device: ", cudaGetErrorString(error == cudaSuccess ? cudaErrorNoDevice : error)));
}

absl::StatusOr<std::string> DescribeGpu(int gpu) {
  BATON_RETURN_IF_ERROR(CountGpus().status());
  cudaDeviceProp properties;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDeviceProperties(&properties, gpu));
  return absl::StrFormat("%s, %.1f GiB", properties.name, static_cast<double>(properties.totalGlobalMem) / kGibibyte);
}

absl::StatusOr<std::unique_ptr<CudaDevice>> CudaDevice::Create(int index, int place) {
  if (index < 0 || place < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a device's index is ", std::min(index, place), "; it must not be negative"));
  }
  BATON_ASSIGN_OR_RETURN(const int num_gpus, CountGpus());
  std::unique_ptr<CudaDevice> device(new CudaDevice(index, place % num_gpus));
  BATON_RETURN_IF_ERROR(device->MakeCurrent());
  BATON_RETURN_IF_ERROR(device->clock_.Create());
  return device;
}

CudaDevice::~CudaDevice() {
  if (!MakeCurrent().ok()) return;
  cudaDeviceSynchronize();
  for (std::byte* arena : arenas_) cudaFree(arena);
  for (std::byte* shared : shared_) cudaFreeHost(shared);
}

absl::Status CudaDevice::MakeCurrent() const {
  BATON_RETURN_IF_CUDA_ERROR(cudaSetDevice(gpu_));
  return absl::OkStatus();
}

std::unique_ptr<Event> CudaDevice::CreateEvent() { return std::make_unique<CudaEvent>(this); }

absl::StatusOr<std::unique_ptr<Stream>> CudaDevice::CreateStream() {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  cudaStream_t stream = nullptr;
  // Does not wait for the default stream, which libraries may use.
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return std::make_unique<CudaStream>(this, stream);
}

absl::StatusOr<std::byte*> CudaDevice::CreateArena(Bytes bytes) {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  size_t free = 0, total = 0;
  BATON_RETURN_IF_CUDA_ERROR(cudaMemGetInfo(&free, &total));
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, static_cast<size_t>(std::max<Bytes>(bytes, 1)));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return absl::ResourceExhaustedError(absl::StrFormat(
        "an arena of %.2f GiB; GPU %d has %.2f of %.2f GiB free", static_cast<double>(bytes) / kGibibyte, gpu_,
        static_cast<double>(free) / kGibibyte, static_cast<double>(total) / kGibibyte));
  }
  BATON_RETURN_IF_CUDA_ERROR(error);
  arenas_.push_back(static_cast<std::byte*>(memory));
  BATON_RETURN_IF_CUDA_ERROR(cudaMemset(memory, 0, static_cast<size_t>(bytes)));
  // The fill is on the default stream, for which other streams do not wait.
  BATON_RETURN_IF_CUDA_ERROR(cudaDeviceSynchronize());
  return arenas_.back();
}

absl::StatusOr<std::byte*> CudaDevice::CreateShared(Bytes bytes) {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  void* memory = nullptr;
  const auto size = static_cast<size_t>(std::max<Bytes>(bytes, 1));
  // With unified addressing the memory has one address on the host and all GPUs.
  const cudaError_t error = cudaHostAlloc(&memory, size, cudaHostAllocMapped | cudaHostAllocPortable);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return absl::ResourceExhaustedError(absl::StrCat("no ", bytes, " bytes of pinned host memory"));
  }
  BATON_RETURN_IF_CUDA_ERROR(error);
  std::memset(memory, 0, size);
  shared_.push_back(static_cast<std::byte*>(memory));
  return shared_.back();
}

absl::Status CudaDevice::CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  BATON_RETURN_IF_CUDA_ERROR(cudaMemcpy(arena, host, static_cast<size_t>(bytes), cudaMemcpyHostToDevice));
  // A copy from pageable memory returns once the data are staged; other streams would not wait for the rest.
  BATON_RETURN_IF_CUDA_ERROR(cudaDeviceSynchronize());
  return absl::OkStatus();
}

absl::Status CudaDevice::CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  BATON_RETURN_IF_CUDA_ERROR(cudaMemcpy(host, arena, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost));
  return absl::OkStatus();
}

absl::Status CudaDevice::SetClock() {
  BATON_RETURN_IF_ERROR(MakeCurrent());
  return clock_.Set();
}

absl::StatusOr<std::unique_ptr<StepGraph>> CudaDevice::CreateStepGraph(absl::Span<Device* const> devices, bool timed) {
  std::vector<CudaDevice*> cuda_devices;
  for (Device* device : devices) cuda_devices.push_back(static_cast<CudaDevice*>(device));
  return CudaStepGraph::Create(std::move(cuda_devices), timed);
}

void CudaDevice::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  doorbell_.Cancel();
}

void CudaDevice::Resume() {
  // Work enqueued before the error may still run; the caller is about to change the memory it uses.
  if (MakeCurrent().ok()) cudaDeviceSynchronize();
  cancelled_.store(false, std::memory_order_relaxed);
  doorbell_.Resume();
}

void CudaDevice::AddStream(CudaStream* stream) {
  MutexLock lock(&mutex_);
  streams_.push_back(stream);
}

void CudaDevice::RemoveStream(CudaStream* stream) {
  MutexLock lock(&mutex_);
  streams_.erase(std::remove(streams_.begin(), streams_.end(), stream), streams_.end());
}

std::vector<CudaStream*> CudaDevice::Streams() {
  MutexLock lock(&mutex_);
  return streams_;
}

}  // namespace baton
