// Vectorised loops over vectors.
#include "ops/host/vectors.h"

#include <algorithm>

#include "base/bfloat16.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"

namespace baton {
namespace {

// Columns that a thread sums at least; whole vectors, so that no two threads write to one cache line.
constexpr int64_t kColumnStep = 16;

// sums[c] += Σ rows values[row, c] for `columns` columns of rows that stand `stride` apart.
BATON_SIMD_CLONES
void AddColumns(int64_t rows, int64_t columns, int64_t stride, const float* __restrict values, float* __restrict sums) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* __restrict v = values + row * stride;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      sums[c] += (v[c] + v[stride + c]) + (v[2 * stride + c] + v[3 * stride + c]);
    }
  }
  for (; row < rows; ++row) {
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) sums[c] += values[row * stride + c];
  }
}

BATON_SIMD_CLONES
void AddPart(int64_t count, const float* a, const float* b, float* sum) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

BATON_ALWAYS_INLINE void StoreAs(float value, float* to) { *to = value; }
BATON_ALWAYS_INLINE void StoreAs(float value, uint16_t* to) { *to = ToBFloat16Bits(value); }

// results ← values · factors and sums[c] += Σ rows of the products, of columns as above.
template <typename Result>
BATON_ALWAYS_INLINE void MultiplyAndAdd(int64_t rows, int64_t columns, int64_t stride, const float* factors,
                                        const float* values, Result* results, float* __restrict sums) {
  int64_t row = 0;
  for (; row + 2 <= rows; row += 2) {
    const int64_t at = row * stride;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      const float first = values[at + c] * factors[at + c];
      const float second = values[at + stride + c] * factors[at + stride + c];
      StoreAs(first, &results[at + c]);
      StoreAs(second, &results[at + stride + c]);
      sums[c] += first + second;
    }
  }
  for (; row < rows; ++row) {
    const int64_t at = row * stride;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      const float product = values[at + c] * factors[at + c];
      StoreAs(product, &results[at + c]);
      sums[c] += product;
    }
  }
}

BATON_SIMD_CLONES
void MultiplyAndAddColumns(int64_t rows, int64_t columns, int64_t stride, const float* factors, const float* values,
                           float* results, float* sums) {
  MultiplyAndAdd(rows, columns, stride, factors, values, results, sums);
}

BATON_SIMD_CLONES
void MultiplyRoundAndAddColumns(int64_t rows, int64_t columns, int64_t stride, const float* factors,
                                const float* values, uint16_t* results, float* sums) {
  MultiplyAndAdd(rows, columns, stride, factors, values, results, sums);
}

BATON_SIMD_CLONES
void RoundPart(int64_t count, const float* __restrict values, uint16_t* __restrict rounded) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) rounded[i] = ToBFloat16Bits(values[i]);
}

// Calls work(first column, columns) for parts of the columns on up to `threads` threads.
template <typename Work>
void ForColumns(int threads, int64_t rows, int64_t columns, Work work) {
  const int64_t steps = (columns + kColumnStep - 1) / kColumnStep;
  const int64_t step_bytes = rows * kColumnStep * static_cast<int64_t>(sizeof(float));
  ParallelFor(threads, steps, LeastPart(step_bytes), [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * kColumnStep;
    work(first, std::min(end * kColumnStep, columns) - first);
  });
}

}  // namespace

BATON_SIMD_CLONES
void AddTo(int64_t count, const float* __restrict values, float* __restrict sums) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
}

void AddElements(int threads, int64_t count, const float* a, const float* b, float* sum) {
  ParallelFor(threads, count, LeastPart(3 * sizeof(float)),
              [&](int64_t begin, int64_t end, int) { AddPart(end - begin, a + begin, b + begin, sum + begin); });
}

void AddRowSums(int threads, int64_t rows, int64_t columns, const float* values, float* sums) {
  ForColumns(threads, rows, columns,
             [&](int64_t first, int64_t count) { AddColumns(rows, count, columns, values + first, sums + first); });
}

void MultiplyAndSumRows(int threads, int64_t rows, int64_t columns, const float* factors, const float* values,
                        float* results, float* sums) {
  ForColumns(threads, rows, columns, [&](int64_t first, int64_t count) {
    std::fill_n(sums + first, count, 0.0f);
    MultiplyAndAddColumns(rows, count, columns, factors + first, values + first, results + first, sums + first);
  });
}

void MultiplyAndSumRows(int threads, int64_t rows, int64_t columns, const float* factors, const float* values,
                        uint16_t* results, float* sums) {
  ForColumns(threads, rows, columns, [&](int64_t first, int64_t count) {
    std::fill_n(sums + first, count, 0.0f);
    MultiplyRoundAndAddColumns(rows, count, columns, factors + first, values + first, results + first, sums + first);
  });
}

void RoundElements(int threads, int64_t count, const float* values, uint16_t* rounded) {
  ParallelFor(threads, count, LeastPart(sizeof(float) + sizeof(uint16_t)),
              [&](int64_t begin, int64_t end, int) { RoundPart(end - begin, values + begin, rounded + begin); });
}

}  // namespace baton
