// The stand-in's memory: poisoned, guarded at both ends and, on request, closed to the host.
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "tests/cuda_stand_in/machine.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr unsigned char kPoison = 0xff;  // NaN as f32, f64 and bf16
constexpr unsigned char kGuard = 0xa7;
// Only this much of an allocation is poisoned, to save time; the rest starts as zeros.
constexpr size_t kMostPoison = size_t{4} << 20;

struct Allocation {
  size_t bytes = 0;
  size_t mapped_bytes = 0;
  bool on_device = false;
  bool closed = false;
};

// Each block has guards: one page before it, and at least one page from its end to the end of the mapping.
struct Memory {
  baton::Mutex mutex;
  std::map<char*, Allocation> allocations ABSL_GUARDED_BY(mutex);
  bool closes ABSL_GUARDED_BY(mutex) = false;
  int num_opened ABSL_GUARDED_BY(mutex) = 0;
};

Memory& TheMemory() {
  static Memory* const memory = new Memory;
  return *memory;
}

void* Allocate(size_t bytes, bool on_device) {
  const size_t mapped = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes + 2 * kPageBytes;
  void* const mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  char* const block = static_cast<char*>(mapping) + kPageBytes;
  std::memset(mapping, kGuard, kPageBytes);
  std::memset(block + bytes, kGuard, mapped - kPageBytes - bytes);
  std::memset(block, kPoison, std::min(bytes, kMostPoison));
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  const bool closed = on_device && memory.closes;
  if (closed && memory.num_opened == 0) mprotect(mapping, mapped, PROT_NONE);
  memory.allocations[block] = {bytes, mapped, on_device, closed};
  return block;
}

// memset that returns pages that become zero to the system, so that a large arena that a test hardly uses costs little.
void Fill(void* to, int value, size_t bytes) {
  char* const begin = static_cast<char*>(to);
  char* const end = begin + bytes;
  const auto page_up = [](char* address) {
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(address) + kPageBytes - 1) / kPageBytes * kPageBytes);
  };
  char* const first = page_up(begin);
  char* const last = std::max(first, page_up(end) - kPageBytes);
  if (value != 0 || bytes < 2 * kMostPoison || madvise(first, static_cast<size_t>(last - first), MADV_DONTNEED) != 0) {
    std::memset(to, value, bytes);
    return;
  }
  std::memset(begin, 0, static_cast<size_t>(first - begin));
  std::memset(last, 0, static_cast<size_t>(end - last));
}

bool IsIntact(const char* block, const Allocation& allocation) {
  const char* const begin = block - kPageBytes;
  const char* const end = begin + allocation.mapped_bytes;
  for (const char* each = begin; each < block; ++each) {
    if (static_cast<unsigned char>(*each) != kGuard) return false;
  }
  for (const char* each = block + allocation.bytes; each < end; ++each) {
    if (static_cast<unsigned char>(*each) != kGuard) return false;
  }
  return true;
}

cudaError_t Release(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  TheMachine().work.RunAll();
  if (std::string fault = CheckGuards(); !fault.empty()) ReportFault(fault);
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  const auto found = memory.allocations.find(static_cast<char*>(pointer));
  if (found == memory.allocations.end()) return cudaErrorInvalidValue;
  munmap(found->first - kPageBytes, found->second.mapped_bytes);
  memory.allocations.erase(found);
  return cudaSuccess;
}

// Runs `work` on the default stream before it returns; it waits for no other stream.
cudaError_t Now(std::function<void()> work) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return error;
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return error;
  TheMachine().work.RunUntilDone(TheMachine().work.Add(std::move(work), {Resolve(nullptr)->tail}));
  return MachineError();
}

bool CopyIsSound(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  return (!to_device || IsDeviceMemory(to, bytes)) && (!from_device || IsDeviceMemory(from, bytes));
}

}  // namespace

std::string CheckGuards() {
  SetMemoryOpen(true);
  std::string fault;
  Memory& memory = TheMemory();
  {
    baton::MutexLock lock(&memory.mutex);
    for (const auto& [block, allocation] : memory.allocations) {
      if (IsIntact(block, allocation)) continue;
      fault = "something wrote outside an allocation of " + std::to_string(allocation.bytes) + " bytes";
      break;
    }
  }
  SetMemoryOpen(false);
  return fault;
}

void MendGuards() {
  SetMemoryOpen(true);
  Memory& memory = TheMemory();
  {
    baton::MutexLock lock(&memory.mutex);
    for (const auto& [block, allocation] : memory.allocations) {
      char* const begin = block - kPageBytes;
      std::memset(begin, kGuard, kPageBytes);
      std::memset(block + allocation.bytes, kGuard, allocation.mapped_bytes - kPageBytes - allocation.bytes);
    }
  }
  SetMemoryOpen(false);
}

bool IsDeviceMemory(const void* pointer, size_t bytes) {
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  char* const address = static_cast<char*>(const_cast<void*>(pointer));
  auto found = memory.allocations.upper_bound(address);
  if (found == memory.allocations.begin()) return false;
  --found;
  return address + bytes <= found->first + found->second.bytes;
}

void SetMemoryOpen(bool open) {
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  memory.num_opened += open ? 1 : -1;
  if (memory.num_opened != (open ? 1 : 0)) return;
  for (const auto& [block, allocation] : memory.allocations) {
    if (!allocation.closed) continue;
    mprotect(block - kPageBytes, allocation.mapped_bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE);
  }
}

void CloseDeviceMemory(bool closed) {
  TheMachine().work.SetBrackets([] { SetMemoryOpen(true); }, [] { SetMemoryOpen(false); });
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  memory.closes = closed;
}

int64_t NumAllocations() {
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  return static_cast<int64_t>(memory.allocations.size());
}

int64_t DeviceBytes() {
  Memory& memory = TheMemory();
  baton::MutexLock lock(&memory.mutex);
  int64_t bytes = 0;
  for (const auto& [block, allocation] : memory.allocations) {
    if (allocation.on_device) bytes += static_cast<int64_t>(allocation.bytes);
  }
  return bytes;
}

}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: the runtime's functions are outside of any namespace

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  if (bytes > size_t{80} << 30) return Fail(cudaErrorMemoryAllocation);
  *pointer = Allocate(bytes, /*on_device=*/true);
  return *pointer == nullptr ? Fail(cudaErrorMemoryAllocation) : cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  return Fail(Release(pointer));
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int flags) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  if (cudaError_t error = RefuseInCapture(); error != cudaSuccess) return Fail(error);
  if (bytes > size_t{80} << 30) return Fail(cudaErrorMemoryAllocation);
  *pointer = Allocate(bytes, /*on_device=*/false);
  return *pointer == nullptr ? Fail(cudaErrorMemoryAllocation) : cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) { return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault); }

cudaError_t cudaFreeHost(void* pointer) { return cudaFree(pointer); }

cudaError_t cudaHostGetDevicePointer(void** device_pointer, void* host_pointer, unsigned int flags) {
  *device_pointer = host_pointer;
  return cudaSuccess;
}

// Host and GPU may access it.
cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned int flags) {
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (cudaError_t error = MachineError(); error != cudaSuccess) return Fail(error);
  *free = *total = size_t{80} << 30;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (!CopyIsSound(to, from, bytes, kind)) return Fail(cudaErrorInvalidValue);
  return Fail(TryEnqueue(stream, [=] { std::memmove(to, from, bytes); }));
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t bytes,
                                cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  return Fail(TryEnqueue(stream, [=] { Fill(to, value, bytes); }));
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  if (!CopyIsSound(to, from, bytes, kind)) return Fail(cudaErrorInvalidValue);
  return Fail(Now([=] { std::memmove(to, from, bytes); }));
}

cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  return Fail(Now([=] { Fill(to, value, bytes); }));
}

}  // extern "C"
