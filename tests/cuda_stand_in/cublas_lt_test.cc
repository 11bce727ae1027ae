// The stand-in multiplies as BLAS does, and refuses calls that the library refuses or that callers may not rely on.
#include "tests/cuda_stand_in/cublas_lt.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <vector>

namespace baton::stand_in {
namespace {

// f32 matrices in memory that is aligned to 256 bytes.
class Matrix {
 public:
  Matrix(int64_t rows, int64_t columns, int64_t leading, int seed)
      : data_(static_cast<float*>(std::aligned_alloc(256, 4096)), std::free) {
    REQUIRE(cublasLtMatrixLayoutCreate(&layout_, CUDA_R_32F, rows, columns, leading) == CUBLAS_STATUS_SUCCESS);
    for (int i = 0; i < 1024; ++i) data_.get()[i] = static_cast<float>((i * 7 + seed) % 11 - 5);
  }
  ~Matrix() { cublasLtMatrixLayoutDestroy(layout_); }

  float* data() { return data_.get(); }
  cublasLtMatrixLayout_t layout() { return layout_; }

 private:
  std::unique_ptr<float, void (*)(void*)> data_;
  cublasLtMatrixLayout_t layout_;
};

// d: [3, 4] ← op(a): [3, 5] · op(b): [5, 4], with leading dimensions beyond the rows.
struct Product {
  Product(bool transpose_a, bool transpose_b)
      : a(transpose_a ? 5 : 3, transpose_a ? 3 : 5, 7, 1),
        b(transpose_b ? 4 : 5, transpose_b ? 5 : 4, 6, 2),
        d(3, 4, 4, 3) {
    REQUIRE(cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(cublasLtMatmulDescCreate(&operation, CUBLAS_COMPUTE_32F, CUDA_R_32F) == CUBLAS_STATUS_SUCCESS);
    const cublasOperation_t op_a = transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t op_b = transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    Set(CUBLASLT_MATMUL_DESC_TRANSA, op_a);
    Set(CUBLASLT_MATMUL_DESC_TRANSB, op_b);
  }
  ~Product() {
    cublasLtMatmulDescDestroy(operation);
    cublasLtDestroy(handle);
  }

  template <typename T>
  void Set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    REQUIRE(cublasLtMatmulDescSetAttribute(operation, attribute, &value, sizeof(value)) == CUBLAS_STATUS_SUCCESS);
  }

  // Returns the number of algorithms found: 0 or 1.
  int Choose(cublasLtMatrixLayout_t output) {
    cublasLtMatmulPreference_t preference;
    REQUIRE(cublasLtMatmulPreferenceCreate(&preference) == CUBLAS_STATUS_SUCCESS);
    cublasLtMatmulHeuristicResult_t result;
    int count = 0;
    cublasLtMatmulAlgoGetHeuristic(handle, operation, a.layout(), b.layout(), output, output, preference, 1, &result,
                                   &count);
    cublasLtMatmulPreferenceDestroy(preference);
    if (count > 0) algorithm = result.algo;
    return count;
  }

  cublasStatus_t Run(float alpha, float beta, int a_shift = 0) {
    const cublasStatus_t status =
        cublasLtMatmul(handle, operation, &alpha, a.data() + a_shift, a.layout(), b.data(), b.layout(), &beta, d.data(),
                       d.layout(), d.data(), d.layout(), &algorithm, nullptr, 0, nullptr);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    return status;
  }

  Matrix a, b, d;
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t operation;
  cublasLtMatmulAlgo_t algorithm = {};
};

}  // namespace

TEST_CASE("products equal BLAS's for every transposition, with alpha, beta and bias") {
  const bool transpose_a = GENERATE(false, true);
  const bool transpose_b = GENERATE(false, true);
  const bool bias = GENERATE(false, true);
  CAPTURE(transpose_a, transpose_b, bias);
  Product product(transpose_a, transpose_b);
  alignas(256) const float row_bias[3] = {10, 20, 30};
  if (bias) {
    product.Set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    product.Set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(row_bias));
    product.Set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
  }
  REQUIRE(product.Choose(product.d.layout()) == 1);
  const std::vector<float> before(product.d.data(), product.d.data() + 16);
  REQUIRE(product.Run(2.0f, 0.5f) == CUBLAS_STATUS_SUCCESS);
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 4; ++column) {
      float sum = 0;
      for (int k = 0; k < 5; ++k) {
        sum += product.a.data()[transpose_a ? k + row * 7 : row + k * 7] *
               product.b.data()[transpose_b ? column + k * 6 : k + column * 6];
      }
      const int at = row + column * 4;
      CHECK(product.d.data()[at] == 2 * sum + 0.5f * before[at] + (bias ? row_bias[row] : 0.0f));
    }
  }
  CHECK(product.d.data()[3] == before[3]);  // between two columns
}

TEST_CASE("calls with wrong layouts, alignment or algorithms are refused") {
  Product product(false, false);
  cublasLtMatrixLayout_t layout;
  CHECK(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 5, 3, 4) == CUBLAS_STATUS_INVALID_VALUE);
  Matrix other(4, 4, 4, 0);
  CHECK(product.Choose(other.layout()) == 0);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INVALID_VALUE);  // no algorithm was chosen
  REQUIRE(product.Choose(product.d.layout()) == 1);
  CHECK(product.Run(1, 0, 1) == CUBLAS_STATUS_INVALID_VALUE);  // a is not aligned as promised
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_SUCCESS);
  product.Set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INVALID_VALUE);  // the algorithm was chosen for another epilogue
  REQUIRE(product.Choose(product.d.layout()) == 1);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INVALID_VALUE);  // no bias
  const int wrong = 1;
  CHECK(cublasLtMatmulDescSetAttribute(product.operation, CUBLASLT_MATMUL_DESC_TRANSA, &wrong, 1) ==
        CUBLAS_STATUS_INVALID_VALUE);
}

TEST_CASE("an algorithm with a bias runs only with a bias that is aligned as the heuristic's was") {
  Product product(false, false);
  alignas(256) const float biases[64] = {};
  const auto set_bias = [&](const float* bias) {
    product.Set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(bias));
  };
  product.Set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
  product.Set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
  set_bias(nullptr);
  REQUIRE(product.Choose(product.d.layout()) == 1);
  set_bias(biases + 16);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INVALID_VALUE);
  set_bias(biases);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_SUCCESS);
  set_bias(biases + 16);
  REQUIRE(product.Choose(product.d.layout()) == 1);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_SUCCESS);
  set_bias(biases + 8);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INVALID_VALUE);
}

TEST_CASE("a test makes epilogues fail, in the heuristic or when a product runs") {
  Product product(false, false);
  alignas(256) const float bias[3] = {};
  product.Set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(bias));
  product.Set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
  product.Set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
  FailEpilogues(CUBLAS_STATUS_INVALID_VALUE, CUBLAS_STATUS_SUCCESS);
  CHECK(product.Choose(product.d.layout()) == 0);
  FailEpilogues(CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_INTERNAL_ERROR);
  REQUIRE(product.Choose(product.d.layout()) == 1);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_INTERNAL_ERROR);
  product.Set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_DEFAULT);
  REQUIRE(product.Choose(product.d.layout()) == 1);
  CHECK(product.Run(1, 0) == CUBLAS_STATUS_SUCCESS);
  FailEpilogues(CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_SUCCESS);
}

}  // namespace baton::stand_in
