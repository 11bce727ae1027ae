// The matrix product of the stand-in's cuBLASLt, as plain loops. Used only by cublas_lt.cc.
#ifndef BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_PRODUCT_H_
#define BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_PRODUCT_H_

#include <cublasLt.h>

#include <cstdint>

namespace baton::stand_in {

// A column-major matrix. `leading`: the distance of its columns, in elements.
struct Layout {
  cudaDataType_t type;
  int64_t rows;
  int64_t columns;
  int64_t leading;
};

// A cublasLtMatmulDesc_t.
struct Operation {
  cublasComputeType_t compute;
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasOperation_t transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  int32_t bias_type = -1;
  void* aux = nullptr;  // column-major [m, n], of d's type
  int64_t aux_leading = 0;
};

// A product whose layouts were checked: d ← epilogue(alpha · op(a) · op(b) + beta · c), column-major.
// op(a): [m, k], op(b): [k, n], c and d: [m, n].
struct Product {
  Operation operation;
  Layout a, b, d;
  int64_t m, n, k;
};

// The types that the stand-in multiplies: f32 and bf16.
bool IsKnownType(cudaDataType_t type);
bool HasBias(cublasLtEpilogue_t epilogue);
bool HasAux(cublasLtEpilogue_t epilogue);

// Returns false if the layouts do not fit each other.
bool MakeProduct(const Operation& operation, const Layout& a, const Layout& b, const Layout& c, const Layout& d,
                 Product* product);

inline constexpr int kOrders = 3;

// Computes the product, with sums in f32 in one of kOrders orders: ascending, descending, odd indices behind even ones.
// Does not read c if beta is 0.
void Multiply(const Product& product, int order, float alpha, const void* a_data, const void* b_data, float beta,
              const void* c_data, void* d_data);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_PRODUCT_H_
