// Launches kernels. Included only by .cu files. Only here and in device_code.h do builds for GPUs and for the tests'
// stand-in differ.
#ifndef BATON_OPS_CUDA_LAUNCH_H_
#define BATON_OPS_CUDA_LAUNCH_H_

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/layers/layer.h"
#include "ops/tensor/shape.h"

#ifndef __CUDACC__
#include "tests/cuda_stand_in/kernel_emulation.h"
#include "tests/cuda_stand_in/stream_queue.h"
#endif

namespace baton {

struct LaunchShape {
  dim3 grid;               // in blocks
  dim3 block;              // in threads
  Bytes shared_bytes = 0;  // dynamic shared memory of a block
};

// The number of blocks that `count` elements need, `per_block` elements each.
inline unsigned int NumBlocks(int64_t count, int64_t per_block) {
  return static_cast<unsigned int>((count + per_block - 1) / per_block);
}

inline cudaStream_t ToCudaStream(KernelStream stream) { return static_cast<cudaStream_t>(stream.native_handle); }

// Enqueues `kernel` on `stream` with copies of the arguments. Errors: Internal if CUDA refuses the launch.
//
//   return Launch(AddKernel<T>, {NumBlocks(count, kThreads), kThreads}, stream, count, a, b, sum);
template <typename... Parameters, typename... Arguments>
absl::Status Launch(void (*kernel)(Parameters...), const LaunchShape& shape, KernelStream stream,
                    Arguments&&... arguments) {
#ifdef __CUDACC__
  constexpr Bytes kSharedWithoutAsking = 48 << 10;
  if (shape.shared_bytes > kSharedWithoutAsking) {
    BATON_RETURN_IF_CUDA_ERROR(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                                    cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                    static_cast<int>(shape.shared_bytes)));
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = static_cast<size_t>(shape.shared_bytes);
  config.stream = ToCudaStream(stream);
  BATON_RETURN_IF_CUDA_ERROR(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...));
#else
  std::tuple<Parameters...> copies(static_cast<Parameters>(arguments)...);
  stand_in::Enqueue(ToCudaStream(stream), [kernel, shape, copies] {
    const absl::Status status = stand_in::RunKernel(shape.grid, shape.block, static_cast<size_t>(shape.shared_bytes),
                                                    [&] { std::apply(kernel, copies); });
    if (!status.ok()) stand_in::ReportFault(std::string(status.message()));
  });
#endif
  return absl::OkStatus();
}

// Calls `function` with a value of the C++ type for `type`: float or __nv_bfloat16. Errors: Internal for another type,
// for which CudaBackend makes no layers.
template <typename Function>
absl::Status ForElementType(DataType type, Function function) {
  if (type == DataType::kFloat32) return function(float{});
  if (type == DataType::kBFloat16) return function(__nv_bfloat16{});
  return absl::InternalError(absl::StrCat("no kernel for elements of ", SizeOf(type), " bytes"));
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_LAUNCH_H_
