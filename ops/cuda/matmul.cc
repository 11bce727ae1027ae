// Descriptors, the choice of algorithm and the call.
#include "ops/cuda/matmul.h"

#include <map>
#include <mutex>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/kernels/elementwise.h"

namespace baton {
namespace {

// cuBLASLt's handle of the current device; the process's, never destroyed, since handles outlive all layers.
absl::StatusOr<cublasLtHandle_t> CurrentHandle() {
  static std::mutex mutex;
  static auto* const handles = new std::map<int, cublasLtHandle_t>;
  int device;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&device));
  const std::lock_guard<std::mutex> lock(mutex);
  cublasLtHandle_t& handle = (*handles)[device];
  if (handle == nullptr) BATON_RETURN_IF_CUDA_ERROR(cublasLtCreate(&handle));
  return handle;
}

cudaDataType_t ToCudaType(DataType type) { return type == DataType::kBFloat16 ? CUDA_R_16BF : CUDA_R_32F; }

template <typename T>
absl::Status Set(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulDescSetAttribute(operation, attribute, &value, sizeof(value)));
  return absl::OkStatus();
}

template <typename T>
absl::Status Set(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
                 const T& value) {
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof(value)));
  return absl::OkStatus();
}

absl::Status FillPreference(const MatmulSpec& spec, cublasLtMatmulPreference_t preference) {
  BATON_RETURN_IF_ERROR(Set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t(spec.workspace.limit)));
  for (const cublasLtMatmulPreferenceAttributes_t alignment :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    BATON_RETURN_IF_ERROR(Set(preference, alignment, uint32_t{kBufferAlignment}));
  }
  if (!spec.deterministic) return absl::OkStatus();
  // Sums over a split k in a fixed order and in f32, by a second kernel.
  const uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  return Set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, schemes);
}

std::string Describe(const MatmulSpec& spec) {
  return absl::StrCat(spec.m, " x ", spec.n, " x ", spec.k, spec.a_transposed ? ", a transposed" : "",
                      spec.b_transposed ? ", b transposed" : "",
                      spec.input_type == DataType::kBFloat16 ? ", bf16" : ", f32");
}

// The layout of a row-major [rows, columns] as cuBLASLt sees it: column-major [columns, rows].
absl::StatusOr<cublasLtMatrixLayout_t> MakeLayout(DataType type, int64_t rows, int64_t columns) {
  cublasLtMatrixLayout_t layout;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatrixLayoutCreate(&layout, ToCudaType(type), static_cast<uint64_t>(columns),
                                                        static_cast<uint64_t>(rows), columns));
  return layout;
}

}  // namespace

absl::Status Matmul::Prepare() {
  BATON_ASSIGN_OR_RETURN(const cublasLtHandle_t handle, CurrentHandle());
  handle_ = handle;
  const cublasComputeType_t compute = spec_.tensor_float32 && spec_.input_type == DataType::kFloat32
                                          ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : CUBLAS_COMPUTE_32F;
  cublasLtMatmulDesc_t operation;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulDescCreate(&operation, compute, CUDA_R_32F));
  operation_.reset(operation);
  const cublasOperation_t left = spec_.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t right = spec_.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_TRANSA, left));
  BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_TRANSB, right));
  const bool bt = spec_.b_transposed;
  const bool at = spec_.a_transposed;
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t left_layout,
                         MakeLayout(spec_.input_type, bt ? spec_.n : spec_.k, bt ? spec_.k : spec_.n));
  left_.reset(left_layout);
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t right_layout,
                         MakeLayout(spec_.input_type, at ? spec_.k : spec_.m, at ? spec_.m : spec_.k));
  right_.reset(right_layout);
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t output_layout, MakeLayout(spec_.output_type, spec_.m, spec_.n));
  output_.reset(output_layout);
  if (spec_.bias) {
    BATON_ASSIGN_OR_RETURN(const bool with_bias, ChooseAlgorithm(CUBLASLT_EPILOGUE_BIAS));
    if (with_bias) return absl::OkStatus();
    separate_bias_ = true;
  }
  BATON_ASSIGN_OR_RETURN(const bool found, ChooseAlgorithm(CUBLASLT_EPILOGUE_DEFAULT));
  if (found) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cuBLASLt has no algorithm for the product ", Describe(spec_)));
}

absl::StatusOr<bool> Matmul::ChooseAlgorithm(cublasLtEpilogue_t epilogue) {
  BATON_RETURN_IF_ERROR(Set(operation_.get(), CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue));
  if (epilogue == CUBLASLT_EPILOGUE_BIAS) {
    BATON_RETURN_IF_ERROR(Set(operation_.get(), CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, ToCudaType(spec_.input_type)));
  }
  cublasLtMatmulPreference_t preference;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulPreferenceCreate(&preference));
  const Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> owner(preference);
  BATON_RETURN_IF_ERROR(FillPreference(spec_, preference));
  cublasLtMatmulHeuristicResult_t result = {};
  int num_results = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(handle_, operation_.get(), left_.get(), right_.get(), output_.get(), output_.get(),
                                     preference, 1, &result, &num_results);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return false;
  BATON_RETURN_IF_CUDA_ERROR(status);
  if (num_results == 0 || result.state != CUBLAS_STATUS_SUCCESS) return false;
  algorithm_ = result.algo;
  return true;
}

absl::Status Matmul::Run(KernelStream stream, const void* a, const void* b, const void* bias, void* c,
                         std::byte* scratch) {
  if (handle_ == nullptr) {
    if (absl::Status status = Prepare(); !status.ok()) {
      handle_ = nullptr;
      return status;
    }
  }
  if (spec_.bias && !separate_bias_) {
    BATON_RETURN_IF_ERROR(Set(operation_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias));
  }
  const uintptr_t workspace = (reinterpret_cast<uintptr_t>(scratch) + 255) / 256 * 256;
  const float alpha = 1.0f;
  const float beta = spec_.accumulate ? 1.0f : 0.0f;
  BATON_RETURN_IF_CUDA_ERROR(
      cublasLtMatmul(handle_, operation_.get(), &alpha, b, left_.get(), a, right_.get(), &beta, c, output_.get(), c,
                     output_.get(), &algorithm_, reinterpret_cast<void*>(workspace),
                     static_cast<size_t>(spec_.workspace.limit), static_cast<cudaStream_t>(stream.native_handle)));
  if (!separate_bias_) return absl::OkStatus();
  return LaunchAddRow(stream, spec_.output_type, spec_.m, spec_.n, bias, c);
}

}  // namespace baton
