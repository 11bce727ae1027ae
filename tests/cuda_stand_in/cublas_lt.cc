// cuBLASLt on the host: the part of its interface that Baton calls, as plain loops, and stricter than the library about
// what callers owe it: layouts that fit, aligned pointers, an algorithm that was chosen for this very product.
#include <cublasLt.h>
#include <cuda_bf16.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

struct Layout {
  cudaDataType_t type;
  int64_t rows;
  int64_t columns;
  int64_t leading;
};

struct Operation {
  cublasComputeType_t compute;
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasOperation_t transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  int32_t bias_type = -1;
  void* aux = nullptr;  // column-major, of d's type
  int64_t aux_leading = 0;
};

struct Preference {
  uint64_t workspace_bytes = 0;
  uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

// What an algorithm remembers of the product that it was chosen for.
struct Algorithm {
  int32_t m, n, k;
  int32_t types;
  int32_t epilogue;
  uint32_t alignments[4];
  uint64_t workspace_bytes;
  uint32_t magic;
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t), "fits what callers keep");

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

bool KnownType(cudaDataType_t type) { return type == CUDA_R_32F || type == CUDA_R_16BF; }

float Read(const void* data, cudaDataType_t type, int64_t index) {
  if (type == CUDA_R_16BF) return __bfloat162float(static_cast<const __nv_bfloat16*>(data)[index]);
  return static_cast<const float*>(data)[index];
}

void Write(void* data, cudaDataType_t type, int64_t index, float value) {
  if (type == CUDA_R_16BF) {
    static_cast<__nv_bfloat16*>(data)[index] = __float2bfloat16_rn(value);
  } else {
    static_cast<float*>(data)[index] = value;
  }
}

// A product that was checked: d ← alpha · op(a) · op(b) + beta · c, column-major, op(a): [m, k], op(b): [k, n].
struct Product {
  Operation operation;
  Layout a, b, d;
  int64_t m, n, k;
};

// False if the layouts do not fit each other.
bool MakeProduct(const Operation& operation, const Layout& a, const Layout& b, const Layout& c, const Layout& d,
                 Product* product) {
  const bool ta = operation.transpose_a == CUBLAS_OP_T;
  const bool tb = operation.transpose_b == CUBLAS_OP_T;
  *product = {operation, a, b, d, ta ? a.columns : a.rows, tb ? b.rows : b.columns, ta ? a.rows : a.columns};
  if ((tb ? b.columns : b.rows) != product->k || d.rows != product->m || d.columns != product->n) return false;
  if (std::memcmp(&c, &d, sizeof(Layout)) != 0 || a.type != b.type) return false;
  return d.type == a.type || (a.type == CUDA_R_16BF && d.type == CUDA_R_32F);
}

// op(matrix) as f32, [k][other]: other is next to each other.
std::vector<float> Unpack(const Layout& layout, const void* data, bool k_is_columns) {
  const int64_t k = k_is_columns ? layout.columns : layout.rows;
  const int64_t other = k_is_columns ? layout.rows : layout.columns;
  std::vector<float> result(k * other);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < other; ++j) {
      const int64_t index = k_is_columns ? j + i * layout.leading : i + j * layout.leading;
      result[i * other + j] = Read(data, layout.type, index);
    }
  }
  return result;
}

bool HasBias(cublasLtEpilogue_t epilogue) {
  return epilogue == CUBLASLT_EPILOGUE_BIAS || epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
}

bool HasAux(cublasLtEpilogue_t epilogue) {
  return epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS || epilogue == CUBLASLT_EPILOGUE_DGELU;
}

// The tanh approximation, which cuBLASLt's GELU is, and its slope.
float Gelu(float x) { return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x))); }
float GeluSlope(float x) {
  const float tanh = std::tanh(0.7978845608f * (x + 0.044715f * x * x * x));
  return 0.5f * (1 + tanh) + 0.5f * x * (1 - tanh * tanh) * 0.7978845608f * (1 + 3 * 0.044715f * x * x);
}

// What the epilogue makes of an element.
float Finish(const Product& product, int64_t row, int64_t column, float value) {
  const Operation& operation = product.operation;
  if (HasBias(operation.epilogue)) {
    value += Read(operation.bias, static_cast<cudaDataType_t>(operation.bias_type), row);
  }
  const int64_t at = row + column * operation.aux_leading;
  if (operation.epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS) {
    Write(operation.aux, product.d.type, at, value);
    return Gelu(value);
  }
  return operation.epilogue == CUBLASLT_EPILOGUE_DGELU ? value * GeluSlope(Read(operation.aux, product.d.type, at))
                                                       : value;
}

void Multiply(const Product& product, float alpha, const void* a_data, const void* b_data, float beta,
              const void* c_data, void* d_data) {
  const std::vector<float> a = Unpack(product.a, a_data, product.operation.transpose_a == CUBLAS_OP_N);
  const std::vector<float> b = Unpack(product.b, b_data, product.operation.transpose_b == CUBLAS_OP_T);
  const Layout& d = product.d;
  std::vector<float> column(product.m);
  for (int64_t j = 0; j < product.n; ++j) {
    std::fill(column.begin(), column.end(), 0.0f);
    for (int64_t i = 0; i < product.k; ++i) {
      const float factor = b[i * product.n + j];
      const float* const from = &a[i * product.m];
      for (int64_t row = 0; row < product.m; ++row) column[row] += from[row] * factor;
    }
    for (int64_t row = 0; row < product.m; ++row) {
      const int64_t index = row + j * d.leading;
      float value = alpha * column[row];
      // As BLAS says, what beta = 0 multiplies is not read.
      if (beta != 0.0f) value += beta * Read(c_data, d.type, index);
      value = Finish(product, row, j, value);
      Write(d_data, d.type, index, value);
    }
  }
}

int32_t TypesOf(const Product& product) {
  return product.a.type * 65536 + product.d.type * 256 + product.operation.transpose_a * 16 +
         product.operation.transpose_b;
}

}  // namespace
}  // namespace baton::stand_in

using baton::stand_in::Algorithm;
using baton::stand_in::As;
using baton::stand_in::Assign;
using baton::stand_in::HasAux;
using baton::stand_in::HasBias;
using baton::stand_in::kMagic;
using baton::stand_in::Layout;
using baton::stand_in::Operation;
using baton::stand_in::Preference;
using baton::stand_in::Product;

extern "C" {

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
  if (!baton::stand_in::KnownType(type) || rows == 0 || columns == 0 || leading < static_cast<int64_t>(rows)) {
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

// Has no algorithm with an epilogue for matrices with one row or one column, so that callers must have another way.
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
    if (!HasBias(epilogue) && !HasAux(epilogue)) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (product.m == 1 || product.n == 1) return CUBLAS_STATUS_NOT_SUPPORTED;
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
  algorithm.workspace_bytes = wishes.workspace_bytes;
  algorithm.magic = kMagic;
  std::memcpy(&results[0].algo, &algorithm, sizeof(algorithm));
  results[0].workspaceSize = wishes.workspace_bytes;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *num_results = 1;
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
  if (HasAux(product.operation.epilogue) &&
      (product.operation.aux == nullptr || reinterpret_cast<uintptr_t>(product.operation.aux) % 16 != 0)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (HasBias(product.operation.epilogue) &&
      (product.operation.bias == nullptr || product.operation.bias_type != product.d.type)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const float scale = *static_cast<const float*>(alpha);
  const float keep = *static_cast<const float*>(beta);
  baton::stand_in::Enqueue(stream, [=] {
    if (workspace != nullptr) std::memset(workspace, 0xff, algorithm.workspace_bytes);
    Multiply(product, scale, a, b, keep, c, d);
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
