// Makes cuBLASLt's descriptors, chooses the algorithm and runs it.
#include "ops/cuda/matmul.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/mutex.h"
#include "base/status.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/elementwise.h"
#include "ops/cuda/matmul_messages.h"
#include "ops/cuda/support.h"

namespace baton {
namespace {

// cuBLASLt's handle for the current device. All layers of the process share it; it is never destroyed.
absl::StatusOr<cublasLtHandle_t> CurrentHandle() {
  static auto* const mutex = new Mutex;
  static auto* const handles = new std::map<int, cublasLtHandle_t>;
  int device;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&device));
  const MutexLock lock(mutex);
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
  // Allow a split k only if a second kernel adds its parts in a fixed order, in f32.
  const uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  return Set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, schemes);
}

cublasLtEpilogue_t ToCublasLt(MatmulEpilogue epilogue) {
  switch (epilogue) {
    case MatmulEpilogue::kNone:
      return CUBLASLT_EPILOGUE_DEFAULT;
    case MatmulEpilogue::kBias:
      return CUBLASLT_EPILOGUE_BIAS;
    case MatmulEpilogue::kBiasGelu:
      return CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
    case MatmulEpilogue::kGeluBackward:
      return CUBLASLT_EPILOGUE_DGELU;
    // cuBLASLt sees all matrices transposed and the factors change sides, so a is its B.
    case MatmulEpilogue::kBiasGradient:
      return CUBLASLT_EPILOGUE_BGRADB;
  }
  return CUBLASLT_EPILOGUE_DEFAULT;
}

bool HasBias(MatmulEpilogue epilogue) {
  return epilogue == MatmulEpilogue::kBias || epilogue == MatmulEpilogue::kBiasGelu;
}

bool HasAux(MatmulEpilogue epilogue) {
  return epilogue == MatmulEpilogue::kBiasGelu || epilogue == MatmulEpilogue::kGeluBackward;
}

// The layout of a row-major [rows, columns] matrix: cuBLASLt sees it as column-major [columns, rows].
absl::StatusOr<cublasLtMatrixLayout_t> MakeLayout(DataType type, int64_t rows, int64_t columns) {
  cublasLtMatrixLayout_t layout;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatrixLayoutCreate(&layout, ToCudaType(type), static_cast<uint64_t>(columns),
                                                        static_cast<uint64_t>(rows), columns));
  return layout;
}

}  // namespace

std::vector<MatmulEpilogue> Matmul::EpiloguesToTry() const {
  if (spec_.epilogue == MatmulEpilogue::kBiasGradient && spec_.choices == nullptr) return {MatmulEpilogue::kNone};
  std::vector<MatmulEpilogue> choices = {spec_.epilogue};
  if (spec_.epilogue == MatmulEpilogue::kBiasGelu) choices.push_back(MatmulEpilogue::kBias);
  if (spec_.epilogue != MatmulEpilogue::kNone) choices.push_back(MatmulEpilogue::kNone);
  return choices;
}

absl::Status Matmul::RunFirst(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  BATON_ASSIGN_OR_RETURN(handle_, CurrentHandle());
  BATON_RETURN_IF_ERROR(MakeDescriptors());
  if (spec_.choices != nullptr) {
    BATON_RETURN_IF_ERROR(ChooseMeasured(stream, operands, scratch));
    BATON_RETURN_IF_ERROR(RunProduct(stream, operands, scratch));
    return Finish(stream, operands, scratch);
  }
  absl::Status first_failure;
  for (const MatmulEpilogue choice : EpiloguesToTry()) {
    absl::Status status = ChooseAlgorithm(choice);
    if (status.ok()) status = RunProduct(stream, operands, scratch);
    if (status.ok()) {
      const bool is_expected = choice == spec_.epilogue || spec_.epilogue == MatmulEpilogue::kBiasGradient;
      if (!is_expected) WarnOnce(spec_, choice, first_failure);
      return Finish(stream, operands, scratch);
    }
    if (first_failure.ok()) first_failure = status;
    if (choice == MatmulEpilogue::kNone) return NoAlgorithm(spec_, status);
  }
  return first_failure;
}

absl::Status Matmul::MakeDescriptors() {
  const bool at = spec_.a_transposed;
  const bool bt = spec_.b_transposed;
  const cublasComputeType_t compute = spec_.tensor_float32 && spec_.input_type == DataType::kFloat32
                                          ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : CUBLAS_COMPUTE_32F;
  cublasLtMatmulDesc_t operation;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulDescCreate(&operation, compute, CUDA_R_32F));
  operation_.reset(operation);
  BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_TRANSA, bt ? CUBLAS_OP_T : CUBLAS_OP_N));
  BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_TRANSB, at ? CUBLAS_OP_T : CUBLAS_OP_N));
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t left,
                         MakeLayout(spec_.input_type, bt ? spec_.n : spec_.k, bt ? spec_.k : spec_.n));
  left_.reset(left);
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t right,
                         MakeLayout(spec_.input_type, at ? spec_.k : spec_.m, at ? spec_.m : spec_.k));
  right_.reset(right);
  BATON_ASSIGN_OR_RETURN(const cublasLtMatrixLayout_t output, MakeLayout(spec_.output_type, spec_.m, spec_.n));
  output_.reset(output);
  return absl::OkStatus();
}

absl::Status Matmul::ChooseAlgorithm(MatmulEpilogue epilogue) {
  BATON_ASSIGN_OR_RETURN(const std::vector<cublasLtMatmulAlgo_t> algorithms, AlgorithmsOf(epilogue, 1));
  algorithm_ = algorithms.front();
  return absl::OkStatus();
}

absl::Status Matmul::SetEpilogue(MatmulEpilogue epilogue) {
  fused_ = epilogue;
  const cublasLtMatmulDesc_t operation = operation_.get();
  BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, ToCublasLt(epilogue)));
  if (HasBias(epilogue)) {
    BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, ToCudaType(spec_.input_type)));
  }
  if (epilogue == MatmulEpilogue::kBiasGradient) {
    BATON_RETURN_IF_ERROR(Set(operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F));
  }
  if (!HasAux(epilogue)) return absl::OkStatus();
  return Set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, spec_.n);
}

absl::StatusOr<std::vector<cublasLtMatmulAlgo_t>> Matmul::AlgorithmsOf(MatmulEpilogue epilogue, int most) {
  BATON_RETURN_IF_ERROR(SetEpilogue(epilogue));
  // The heuristic reads from these pointers' values, and nothing else, how well they are aligned; null counts as best.
  const void* const any_buffer = reinterpret_cast<const void*>(static_cast<uintptr_t>(kBufferAlignment));
  BATON_RETURN_IF_ERROR(SetPointers(any_buffer, any_buffer));
  cublasLtMatmulPreference_t preference;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulPreferenceCreate(&preference));
  const Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> owner(preference);
  BATON_RETURN_IF_ERROR(FillPreference(spec_, preference));
  std::vector<cublasLtMatmulHeuristicResult_t> results(most);
  int num_results = 0;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmulAlgoGetHeuristic(handle_, operation_.get(), left_.get(), right_.get(),
                                                            output_.get(), output_.get(), preference, most,
                                                            results.data(), &num_results));
  if (num_results == 0) return absl::UnimplementedError("cuBLASLt's heuristic lists no algorithm");
  BATON_RETURN_IF_CUDA_ERROR(results[0].state);
  std::vector<cublasLtMatmulAlgo_t> algorithms;
  for (int i = 0; i < num_results; ++i) {
    if (results[i].state == CUBLAS_STATUS_SUCCESS) algorithms.push_back(results[i].algo);
  }
  return algorithms;
}

absl::Status Matmul::SetPointers(const void* bias, const void* aux) {
  if (HasBias(fused_) || fused_ == MatmulEpilogue::kBiasGradient) {
    BATON_RETURN_IF_ERROR(Set(operation_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias));
  }
  if (!HasAux(fused_)) return absl::OkStatus();
  return Set(operation_.get(), CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, aux);
}

absl::Status Matmul::Run(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  if (handle_ == nullptr) {
    absl::Status status = RunFirst(stream, operands, scratch);
    if (!status.ok()) handle_ = nullptr;
    return status;
  }
  {
    const KernelScope scope(stream.native_handle, [&] { return Work(operands.addend != nullptr); });
    BATON_RETURN_IF_ERROR(RunProduct(stream, operands, scratch));
  }
  return Finish(stream, operands, scratch);
}

KernelWork Matmul::Work(bool adds) const {
  const auto m = static_cast<double>(spec_.m), n = static_cast<double>(spec_.n), k = static_cast<double>(spec_.k);
  const double results = 1.0 + (adds ? 1 : 0) + (HasAux(fused_) ? 1 : 0);
  KernelWork work;
  work.kernel = "product";
  work.shape = absl::StrCat("m=", spec_.m, " n=", spec_.n, " k=", spec_.k, " a=", NameOf(spec_.input_type),
                            " b=", NameOf(spec_.input_type), " c=", NameOf(spec_.output_type),
                            " epilogue=", ShortName(fused_), adds ? " adds=1" : "");
  work.bytes = (m * k + k * n) * static_cast<double>(SizeOf(spec_.input_type)) +
               m * n * results * static_cast<double>(SizeOf(spec_.output_type));
  work.flops = 2 * m * n * k;
  return work;
}

absl::Status Matmul::RunProduct(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  const void* const bias = fused_ == MatmulEpilogue::kBiasGradient ? BiasSums(scratch) : operands.bias;
  BATON_RETURN_IF_ERROR(SetPointers(bias, operands.aux));
  std::byte* const workspace = spec_.workspace.Begin(scratch);
  const float alpha = 1.0f;
  const float beta = operands.addend != nullptr ? 1.0f : 0.0f;
  // Without cuBLASLt's GELU, the product goes to aux, and Finish applies the GELU to it.
  const bool own_gelu = spec_.epilogue == MatmulEpilogue::kBiasGelu && fused_ != spec_.epilogue;
  void* const product = own_gelu ? operands.aux : operands.c;
  const void* const addend = operands.addend != nullptr ? operands.addend : product;
  BATON_RETURN_IF_CUDA_ERROR(cublasLtMatmul(handle_, operation_.get(), &alpha, operands.b, left_.get(), operands.a,
                                            right_.get(), &beta, addend, output_.get(), product, output_.get(),
                                            &algorithm_, workspace, static_cast<size_t>(spec_.workspace.limit),
                                            static_cast<cudaStream_t>(stream.native_handle)));
  return absl::OkStatus();
}

Bytes Matmul::ScratchBytes(const MatmulSpec& spec) {
  const Bytes workspace = spec.workspace.ScratchBytes();
  if (spec.epilogue != MatmulEpilogue::kBiasGradient) return workspace;
  const Bytes sums = spec.choices == nullptr ? 0 : AlignUp(spec.m * static_cast<Bytes>(sizeof(float)));
  return std::max(workspace + sums, ColumnSumsScratchBytes(spec.k, spec.m));
}

absl::Status Matmul::AddBiasGradient(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  const KernelScope scope(stream.native_handle, [&] {
    const bool fused = fused_ == MatmulEpilogue::kBiasGradient;
    return fused ? PassWork("bias_gradient", "add", Shape(DataType::kFloat32, {1, spec_.m}), 3)
                 : PassWork("bias_gradient", "sum", Shape(spec_.input_type, {spec_.k, spec_.m}), 1);
  });
  if (fused_ == MatmulEpilogue::kBiasGradient) {
    return LaunchSumParts(stream, /*num_parts=*/1, BiasSums(scratch), /*add=*/true, {operands.bias_gradient, spec_.m});
  }
  return LaunchAddColumnSums(stream, spec_.input_type, spec_.k, spec_.m, operands.a, operands.bias_gradient, scratch);
}

absl::Status Matmul::Finish(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  if (spec_.epilogue == MatmulEpilogue::kBiasGradient) return AddBiasGradient(stream, operands, scratch);
  if (fused_ == spec_.epilogue) return absl::OkStatus();
  const int64_t count = spec_.m * spec_.n;
  const DataType type = spec_.output_type;
  const KernelScope scope(stream.native_handle, [&] {
    return PassWork("epilogue", ShortName(spec_.epilogue), Shape(type, {spec_.m, spec_.n}), 3);
  });
  switch (spec_.epilogue) {
    case MatmulEpilogue::kNone:
    case MatmulEpilogue::kBiasGradient:
      return absl::OkStatus();
    case MatmulEpilogue::kBias:
      return LaunchAddRow(stream, type, spec_.m, spec_.n, operands.bias, operands.c);
    case MatmulEpilogue::kBiasGelu:
      if (fused_ == MatmulEpilogue::kNone) {
        BATON_RETURN_IF_ERROR(LaunchAddRow(stream, type, spec_.m, spec_.n, operands.bias, operands.aux));
      }
      return LaunchActivation(stream, type, ActivationKind::kGeluTanh, count, operands.aux, operands.c);
    case MatmulEpilogue::kGeluBackward:
      return LaunchActivationBackward(stream, type, ActivationKind::kGeluTanh, count, operands.aux, operands.c,
                                      operands.c);
  }
  return absl::OkStatus();
}

}  // namespace baton
