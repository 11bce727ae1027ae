// Return codes of CUDA, cuBLASLt, cuDNN and NCCL as absl::Status. Included only by CUDA code: ops/cuda,
// runtime/device/cuda, runtime/transport/cuda and nccl. Only targets that check the codes of a library need to link it.
#ifndef BATON_BASE_CUDA_STATUS_H_
#define BATON_BASE_CUDA_STATUS_H_

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <nccl.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace baton {

inline absl::Status CudaFailure(absl::StatusCode code, const char* library, const std::string& name,
                                const std::string& text, const char* expression, const char* file, int line) {
  return absl::Status(code,
                      absl::StrCat(library, " says ", name, " (", text, ") at ", file, ":", line, " in ", expression));
}

// OK; Unavailable if there is no device or driver; ResourceExhausted if memory ran out; else Internal.
inline absl::Status ToStatus(cudaError_t error, const char* expression, const char* file, int line) {
  if (error == cudaSuccess) return absl::OkStatus();
  const bool unavailable = error == cudaErrorNoDevice || error == cudaErrorInsufficientDriver ||
                           error == cudaErrorInvalidDevice || error == cudaErrorStubLibrary;
  const absl::StatusCode code = unavailable                          ? absl::StatusCode::kUnavailable
                                : error == cudaErrorMemoryAllocation ? absl::StatusCode::kResourceExhausted
                                                                     : absl::StatusCode::kInternal;
  return CudaFailure(code, "CUDA", cudaGetErrorName(error), cudaGetErrorString(error), expression, file, line);
}

// OK or Internal.
inline absl::Status ToStatus(cublasStatus_t status, const char* expression, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return absl::OkStatus();
  return CudaFailure(absl::StatusCode::kInternal, "cuBLAS", cublasLtGetStatusName(status),
                     cublasLtGetStatusString(status), expression, file, line);
}

// OK or Internal.
inline absl::Status ToStatus(cudnnStatus_t status, const char* expression, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS) return absl::OkStatus();
  return CudaFailure(absl::StatusCode::kInternal, "cuDNN", cudnnGetErrorString(status), "see cuDNN's error log",
                     expression, file, line);
}

// OK or Internal. Callers must wait while a call returns ncclInProgress before they convert it.
inline absl::Status ToStatus(ncclResult_t result, const char* expression, const char* file, int line) {
  if (result == ncclSuccess) return absl::OkStatus();
  return CudaFailure(absl::StatusCode::kInternal, "NCCL", ncclGetErrorString(result), ncclGetLastError(nullptr),
                     expression, file, line);
}

}  // namespace baton

// Returns from the enclosing function if `expression`, a call of one of these libraries, fails.
#define BATON_RETURN_IF_CUDA_ERROR(expression)                                                        \
  do {                                                                                                \
    if (absl::Status baton_status = ::baton::ToStatus((expression), #expression, __FILE__, __LINE__); \
        !baton_status.ok()) {                                                                         \
      return baton_status;                                                                            \
    }                                                                                                 \
  } while (false)

#endif  // BATON_BASE_CUDA_STATUS_H_
