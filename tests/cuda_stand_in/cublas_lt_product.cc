// Reads both factors into f32 arrays, multiplies column by column and applies the epilogue.
#include "tests/cuda_stand_in/cublas_lt_product.h"

#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace baton::stand_in {
namespace {

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

// op(matrix) as f32, [k, other] in row-major order.
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

// The tanh approximation of GELU, which cuBLASLt uses, and its slope.
float Gelu(float x) { return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x))); }
float GeluSlope(float x) {
  const float tanh = std::tanh(0.7978845608f * (x + 0.044715f * x * x * x));
  return 0.5f * (1 + tanh) + 0.5f * x * (1 - tanh * tanh) * 0.7978845608f * (1 + 3 * 0.044715f * x * x);
}

// Applies the epilogue to one element.
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

}  // namespace

bool IsKnownType(cudaDataType_t type) { return type == CUDA_R_32F || type == CUDA_R_16BF; }

bool HasBias(cublasLtEpilogue_t epilogue) {
  return epilogue == CUBLASLT_EPILOGUE_BIAS || epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
}

bool HasAux(cublasLtEpilogue_t epilogue) {
  return epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS || epilogue == CUBLASLT_EPILOGUE_DGELU;
}

bool MakeProduct(const Operation& operation, const Layout& a, const Layout& b, const Layout& c, const Layout& d,
                 Product* product) {
  const bool ta = operation.transpose_a == CUBLAS_OP_T;
  const bool tb = operation.transpose_b == CUBLAS_OP_T;
  *product = {operation, a, b, d, ta ? a.columns : a.rows, tb ? b.rows : b.columns, ta ? a.rows : a.columns};
  if ((tb ? b.columns : b.rows) != product->k || d.rows != product->m || d.columns != product->n) return false;
  if (std::memcmp(&c, &d, sizeof(Layout)) != 0 || a.type != b.type) return false;
  return d.type == a.type || (a.type == CUDA_R_16BF && d.type == CUDA_R_32F);
}

namespace {

// The index that is the i-th to be added.
int64_t IndexAt(int order, int64_t i, int64_t k) {
  if (order == 0) return i;
  if (order == 1) return k - 1 - i;
  const int64_t num_even = (k + 1) / 2;
  return i < num_even ? 2 * i : 2 * (i - num_even) + 1;
}

}  // namespace

void Multiply(const Product& product, int order, float alpha, const void* a_data, const void* b_data, float beta,
              const void* c_data, void* d_data) {
  const std::vector<float> a = Unpack(product.a, a_data, product.operation.transpose_a == CUBLAS_OP_N);
  const std::vector<float> b = Unpack(product.b, b_data, product.operation.transpose_b == CUBLAS_OP_T);
  const Layout& d = product.d;
  // BGRADB: the sums of b over k, which replace what stands there.
  if (product.operation.epilogue == CUBLASLT_EPILOGUE_BGRADB) {
    for (int64_t j = 0; j < product.n; ++j) {
      float sum = 0;
      for (int64_t i = 0; i < product.k; ++i) sum += b[i * product.n + j];
      Write(const_cast<void*>(product.operation.bias), CUDA_R_32F, j, sum);
    }
  }
  std::vector<float> column(product.m);
  for (int64_t j = 0; j < product.n; ++j) {
    std::fill(column.begin(), column.end(), 0.0f);
    for (int64_t at = 0; at < product.k; ++at) {
      const int64_t i = IndexAt(order, at, product.k);
      const float factor = b[i * product.n + j];
      const float* const from = &a[i * product.m];
      for (int64_t row = 0; row < product.m; ++row) column[row] += from[row] * factor;
    }
    for (int64_t row = 0; row < product.m; ++row) {
      const int64_t index = row + j * d.leading;
      float value = alpha * column[row];
      // BLAS does not read c if beta is 0.
      if (beta != 0.0f) value += beta * Read(c_data, d.type, index);
      value = Finish(product, row, j, value);
      Write(d_data, d.type, index, value);
    }
  }
}

}  // namespace baton::stand_in
