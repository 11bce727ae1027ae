// One thread an element: reads it from each source in order, combines, and writes the result to all targets. Bound by
// memory, or by the links to other GPUs.
#include "absl/strings/str_cat.h"
#include "base/kernel_observer.h"
#include "ops/cuda/device_code.h"
#include "ops/cuda/launch.h"
#include "runtime/transport/cuda/combine_shares.h"

namespace baton {
namespace {

constexpr int kThreads = 256;

// How values of type T are added: bf16 in f32.
__device__ inline float Widen(float value) { return value; }
__device__ inline double Widen(double value) { return value; }
__device__ inline float Widen(__nv_bfloat16 value) { return ToFloat(value); }
__device__ inline void Narrow(float value, float* to) { *to = value; }
__device__ inline void Narrow(double value, double* to) { *to = value; }
__device__ inline void Narrow(float value, __nv_bfloat16* to) { *to = FromFloat<__nv_bfloat16>(value); }

// Arrays: LaunchCombineShares's. Grid: [(end − begin) / kThreads].
template <typename T, bool kIsMax>
__global__ void __launch_bounds__(kThreads)
    CombineKernel(MemberBuffers buffers, int64_t source_offset, int64_t begin, int64_t end) {
  const int64_t i = begin + int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= end) return;
  auto result = Widen(reinterpret_cast<const T*>(buffers.sources[0])[source_offset + i]);
  for (int member = 1; member < buffers.num_sources; ++member) {
    const auto value = Widen(reinterpret_cast<const T*>(buffers.sources[member])[source_offset + i]);
    if constexpr (kIsMax) {
      if (!(value <= result) && result == result) result = value;
    } else {
      result += value;
    }
  }
  for (int member = 0; member < buffers.num_targets; ++member) {
    Narrow(result, reinterpret_cast<T*>(buffers.targets[member]) + i);
  }
}

const char* NameOfType(DataType type) {
  return type == DataType::kBFloat16 ? "bf16" : type == DataType::kFloat64 ? "f64" : "f32";
}

template <typename T>
absl::Status Combine(KernelStream stream, CombineOperation operation, const MemberBuffers& buffers,
                     int64_t source_offset, int64_t begin, int64_t end) {
  const auto kernel = operation == CombineOperation::kMax ? CombineKernel<T, true> : CombineKernel<T, false>;
  return Launch(kernel, {dim3(NumBlocks(end - begin, kThreads)), dim3(kThreads)}, stream, buffers, source_offset, begin,
                end);
}

}  // namespace

absl::Status LaunchCombineShares(KernelStream stream, DataType type, CombineOperation operation,
                                 const MemberBuffers& buffers, int64_t source_offset, int64_t begin, int64_t end) {
  if (begin >= end) return absl::OkStatus();
  const KernelScope scope(stream.native_handle, [&] {
    const Bytes bytes = (end - begin) * SizeOf(type);
    return KernelWork{"member_sum",
                      absl::StrCat("members=", buffers.num_sources, " bytes=", bytes, " type=", NameOfType(type)),
                      static_cast<double>((buffers.num_sources + buffers.num_targets) * bytes), 0};
  });
  switch (type) {
    case DataType::kFloat32:
      return Combine<float>(stream, operation, buffers, source_offset, begin, end);
    case DataType::kFloat64:
      return Combine<double>(stream, operation, buffers, source_offset, begin, end);
    case DataType::kBFloat16:
      return Combine<__nv_bfloat16>(stream, operation, buffers, source_offset, begin, end);
    default:
      return absl::InternalError(absl::StrCat("no kernel combines elements of ", SizeOf(type), " bytes"));
  }
}

}  // namespace baton
