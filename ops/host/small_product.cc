// Tiles of 6 or 12 rows and up to 64 columns whose sums stay in registers; compiled for AVX-512, for AVX2 and as plain
// loops.
#include "ops/host/small_product.h"

#include <algorithm>
#include <cstring>

#include "ops/host/simd.h"

namespace baton {
namespace {

using Function = void (*)(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b, int64_t b_stride,
                          bool adds, float* c, int64_t c_stride);

void PlainProduct(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b, int64_t b_stride, bool adds,
                  float* c, int64_t c_stride) {
  for (int64_t i = 0; i < m; ++i) {
    float* const row = c + i * c_stride;
    if (!adds) std::fill_n(row, n, 0.0f);
    for (int64_t term = 0; term < k; ++term) {
      const float factor = a.data[i * a.row_stride + term * a.column_stride];
      const float* const values = b + term * b_stride;
      for (int64_t j = 0; j < n; ++j) row[j] += factor * values[j];
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(BATON_SANITIZED)
#define BATON_HAS_SMALL_PRODUCT 1

// `size` bytes of floats, at any address.
template <int size>
struct Vector {
  typedef float Type __attribute__((vector_size(size)));
  typedef float Unaligned __attribute__((vector_size(size), aligned(4), may_alias));
  static constexpr int kLanes = size / sizeof(float);
};

// One tile: `rows` rows and `vectors` vectors of columns.
template <int size, int rows, int vectors>
BATON_ALWAYS_INLINE void Tile(int64_t k, const StridedMatrix& a, const float* b, int64_t b_stride, bool adds, float* c,
                              int64_t c_stride) {
  using Type = typename Vector<size>::Type;
  using Unaligned = typename Vector<size>::Unaligned;
  constexpr int kLanes = Vector<size>::kLanes;
  Type sums[rows][vectors] = {};
  const float* factors = a.data;
  for (int64_t term = 0; term < k; ++term, factors += a.column_stride, b += b_stride) {
    Type values[vectors];
    for (int v = 0; v < vectors; ++v) values[v] = *reinterpret_cast<const Unaligned*>(b + v * kLanes);
    for (int i = 0; i < rows; ++i) {
      const float factor = factors[i * a.row_stride];
      for (int v = 0; v < vectors; ++v) sums[i][v] += factor * values[v];
    }
  }
  for (int i = 0; i < rows; ++i) {
    for (int v = 0; v < vectors; ++v) {
      auto* const to = reinterpret_cast<Unaligned*>(c + i * c_stride + v * kLanes);
      *to = adds ? *to + sums[i][v] : sums[i][v];
    }
  }
}

// All rows of `vectors` vectors of columns, in tiles of `rows`.
template <int size, int rows, int vectors>
BATON_ALWAYS_INLINE void Strip(int64_t m, int64_t k, StridedMatrix a, const float* b, int64_t b_stride, bool adds,
                               float* c, int64_t c_stride) {
  int64_t i = 0;
  const auto next = [&](int done) {
    i += done;
    a.data += done * a.row_stride;
    c += done * c_stride;
  };
  for (; i + rows <= m; next(rows)) Tile<size, rows, vectors>(k, a, b, b_stride, adds, c, c_stride);
  for (; i + 2 <= m; next(2)) Tile<size, 2, vectors>(k, a, b, b_stride, adds, c, c_stride);
  for (; i < m; next(1)) Tile<size, 1, vectors>(k, a, b, b_stride, adds, c, c_stride);
}

// A tile's sums, 24 or 12 vectors, must fit into the registers beside one row of b.
BATON_ALWAYS_INLINE void Product512(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b,
                                    int64_t b_stride, bool adds, float* c, int64_t c_stride) {
  int64_t j = 0;
  for (; j + 64 <= n; j += 64) Strip<64, 6, 4>(m, k, a, b + j, b_stride, adds, c + j, c_stride);
  for (; j + 32 <= n; j += 32) Strip<64, 12, 2>(m, k, a, b + j, b_stride, adds, c + j, c_stride);
  for (; j + 16 <= n; j += 16) Strip<64, 12, 1>(m, k, a, b + j, b_stride, adds, c + j, c_stride);
}

BATON_ALWAYS_INLINE void Product256(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b,
                                    int64_t b_stride, bool adds, float* c, int64_t c_stride) {
  for (int64_t j = 0; j < n; j += 16) Strip<32, 6, 2>(m, k, a, b + j, b_stride, adds, c + j, c_stride);
}

__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))) void ProductOfAvx512(int64_t m, int64_t n, int64_t k,
                                                                                       const StridedMatrix& a,
                                                                                       const float* b, int64_t b_stride,
                                                                                       bool adds, float* c,
                                                                                       int64_t c_stride) {
  Product512(m, n, k, a, b, b_stride, adds, c, c_stride);
}

__attribute__((target("avx2,fma"))) void ProductOfAvx2(int64_t m, int64_t n, int64_t k, const StridedMatrix& a,
                                                       const float* b, int64_t b_stride, bool adds, float* c,
                                                       int64_t c_stride) {
  Product256(m, n, k, a, b, b_stride, adds, c, c_stride);
}
#endif

Function Choose() {
#ifdef BATON_HAS_SMALL_PRODUCT
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    return ProductOfAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ProductOfAvx2;
#endif
  return PlainProduct;
}

const Function product = Choose();

}  // namespace

void SmallProduct(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b, int64_t b_stride, bool adds,
                  float* c, int64_t c_stride) {
  product(m, n, k, a, b, b_stride, adds, c, c_stride);
}

}  // namespace baton
