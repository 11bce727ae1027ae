// cuBLASLt on the host: the part of its interface that Baton calls. It checks callers more strictly than the library:
// layouts must fit, pointers must be aligned, and an algorithm may run only the product that it was chosen for. As in
// the library there are several algorithms for a product, whose results may differ in the last bits; the heuristic
// reads from the pointers of bias and aux how well they are aligned, null as best, and the algorithm may then run only
// with pointers that are aligned as well.
#include "tests/cuda_stand_in/cublas_lt.h"

#include <cublasLt.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "tests/cuda_stand_in/cublas_lt_product.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

struct Preference {
  uint64_t workspace_bytes = 0;
  uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

// Stored in a cublasLtMatmulAlgo_t: the product and the promises that the algorithm was chosen for.
struct Algorithm {
  int32_t m, n, k;
  int32_t types;
  int32_t epilogue;
  uint32_t alignments[4];
  uint16_t bias_alignment;
  uint16_t aux_alignment;
  uint64_t workspace_bytes;
  uint32_t magic;
  int32_t order;  // in which it adds
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t), "an algorithm fits into cublasLtMatmulAlgo_t");

constexpr uint32_t kMagic = 0x0b1a5e17;

template <typename T, typename Handle>
T* As(Handle handle) {
  return reinterpret_cast<T*>(handle);
}

template <typename T>
cublasStatus_t Assign(T* to, const void* from, size_t bytes) {
  if (from == nullptr || bytes != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(to, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

std::atomic<cublasStatus_t> epilogue_heuristic_status = CUBLAS_STATUS_SUCCESS;
std::atomic<cublasStatus_t> epilogue_product_status = CUBLAS_STATUS_SUCCESS;
std::atomic<size_t> library_version = 130000;

// The largest power of two, at most 256, that divides the address. Null counts as the best.
uint16_t AlignmentOf(const void* pointer) {
  const auto address = reinterpret_cast<uintptr_t>(pointer) | 256;
  return static_cast<uint16_t>(address & (~address + 1));
}

int32_t TypesOf(const Product& product) {
  return product.a.type * 65536 + product.d.type * 256 + product.operation.transpose_a * 16 +
         product.operation.transpose_b;
}

}  // namespace

void SetLibraryVersion(size_t version) { library_version = version; }

void ChangeAlgorithm(int order, cublasLtEpilogue_t epilogue, cublasLtMatmulAlgo_t* algorithm) {
  Algorithm own;
  std::memcpy(&own, algorithm, sizeof(own));
  own.order = order;
  own.epilogue = epilogue;
  own.bias_alignment = own.aux_alignment = 1;
  std::memcpy(algorithm, &own, sizeof(own));
}

void FailEpilogues(cublasStatus_t heuristic, cublasStatus_t product) {
  epilogue_heuristic_status = heuristic;
  epilogue_product_status = product;
}

}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: cuBLASLt's functions are outside of any namespace

extern "C" {

size_t cublasLtGetVersion() { return library_version; }

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new int(0));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<int*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS         ? "CUBLAS_STATUS_SUCCESS"
         : status == CUBLAS_STATUS_NOT_SUPPORTED ? "CUBLAS_STATUS_NOT_SUPPORTED"
                                                 : "CUBLAS_STATUS_INVALID_VALUE";
}

const char* cublasLtGetStatusString(cublasStatus_t status) { return "the stand-in refuses"; }

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
  if (!IsKnownType(type) || rows == 0 || columns == 0 || leading < static_cast<int64_t>(rows)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  *layout = reinterpret_cast<cublasLtMatrixLayout_t>(
      new Layout{type, static_cast<int64_t>(rows), static_cast<int64_t>(columns), leading});
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete As<Layout>(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute,
                                        cudaDataType_t scale_type) {
  if (scale_type != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
  if (compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_FAST_TF32) return CUBLAS_STATUS_NOT_SUPPORTED;
  Operation* const made = new Operation;
  made->compute = compute;
  *operation = reinterpret_cast<cublasLtMatmulDesc_t>(made);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  delete As<Operation>(operation);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t bytes) {
  Operation* const operation = As<Operation>(handle);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return Assign(&operation->transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return Assign(&operation->transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return Assign(&operation->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return Assign(&operation->bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      return Assign(&operation->bias_type, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
      return Assign(&operation->aux, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
      return Assign(&operation->aux_leading, value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete As<Preference>(preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    size_t bytes) {
  Preference* const preference = As<Preference>(handle);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return Assign(&preference->workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return Assign(&preference->reduction_schemes, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return Assign(&preference->alignments[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

// Finds no algorithm with an epilogue for matrices with one row or one column, so that tests reach the callers' other
// way.
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int num_wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* num_results) {
  *num_results = 0;
  if (handle == nullptr || num_wanted < 1) return CUBLAS_STATUS_INVALID_VALUE;
  Product product;
  if (!MakeProduct(*As<Operation>(operation), *As<Layout>(a), *As<Layout>(b), *As<Layout>(c), *As<Layout>(d),
                   &product)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const cublasLtEpilogue_t epilogue = product.operation.epilogue;
  if (epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
    if (!HasBias(epilogue) && !HasAux(epilogue) && epilogue != CUBLASLT_EPILOGUE_BGRADB) {
      return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    if (product.m == 1 || product.n == 1) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (epilogue_heuristic_status != CUBLAS_STATUS_SUCCESS) return epilogue_heuristic_status;
  }
  const int64_t aux_leading = product.operation.aux_leading;
  if (HasAux(epilogue) && (aux_leading % 8 != 0 || aux_leading < product.m)) return CUBLAS_STATUS_INVALID_VALUE;
  const Preference& wishes = *As<Preference>(preference);
  Algorithm algorithm = {};
  algorithm.m = static_cast<int32_t>(product.m);
  algorithm.n = static_cast<int32_t>(product.n);
  algorithm.k = static_cast<int32_t>(product.k);
  algorithm.types = TypesOf(product);
  algorithm.epilogue = epilogue;
  std::memcpy(algorithm.alignments, wishes.alignments, sizeof(algorithm.alignments));
  algorithm.bias_alignment = AlignmentOf(product.operation.bias);
  algorithm.aux_alignment = AlignmentOf(product.operation.aux);
  algorithm.workspace_bytes = wishes.workspace_bytes;
  algorithm.magic = kMagic;
  *num_results = std::min(num_wanted, kOrders);
  for (int i = 0; i < *num_results; ++i) {
    algorithm.order = i;
    std::memcpy(&results[i].algo, &algorithm, sizeof(algorithm));
    results[i].workspaceSize = wishes.workspace_bytes;
    results[i].state = CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algo, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  Product product;
  if (handle == nullptr || algo == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr ||
      !MakeProduct(*As<Operation>(operation), *As<Layout>(a_layout), *As<Layout>(b_layout), *As<Layout>(c_layout),
                   *As<Layout>(d_layout), &product)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  Algorithm algorithm;
  std::memcpy(&algorithm, algo, sizeof(algorithm));
  if (algorithm.magic != kMagic || algorithm.m != product.m || algorithm.n != product.n || algorithm.k != product.k ||
      algorithm.types != TypesOf(product) || algorithm.epilogue != product.operation.epilogue ||
      workspace_bytes < algorithm.workspace_bytes) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const void* const pointers[4] = {a, b, c, d};
  for (int i = 0; i < 4; ++i) {
    if (reinterpret_cast<uintptr_t>(pointers[i]) % algorithm.alignments[i] != 0) return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (workspace_bytes > 0 && (workspace == nullptr || reinterpret_cast<uintptr_t>(workspace) % 256 != 0)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const Operation& operands = product.operation;
  if (HasAux(operands.epilogue) &&
      (operands.aux == nullptr || AlignmentOf(operands.aux) < std::max<uint16_t>(16, algorithm.aux_alignment))) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (HasBias(operands.epilogue) && (operands.bias == nullptr || operands.bias_type != product.d.type ||
                                     AlignmentOf(operands.bias) < algorithm.bias_alignment)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (operands.epilogue == CUBLASLT_EPILOGUE_BGRADB &&
      (operands.bias == nullptr || operands.bias_type != CUDA_R_32F || product.d.type != CUDA_R_32F ||
       AlignmentOf(operands.bias) < algorithm.bias_alignment)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (operands.epilogue != CUBLASLT_EPILOGUE_DEFAULT && epilogue_product_status != CUBLAS_STATUS_SUCCESS) {
    return epilogue_product_status;
  }
  const float scale = *static_cast<const float*>(alpha);
  const float keep = *static_cast<const float*>(beta);
  Enqueue(stream, [=] {
    if (workspace != nullptr) std::memset(workspace, 0xff, algorithm.workspace_bytes);
    Multiply(product, algorithm.order, scale, a, b, keep, c, d);
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
