// Loops over vectors that several layers share. Used only by the .cc files of ops/host.
#ifndef BATON_OPS_HOST_VECTORS_H_
#define BATON_OPS_HOST_VECTORS_H_

#include <cstdint>

namespace baton {

// sums ← sums + values. values, sums: [count].
void AddTo(int64_t count, const float* values, float* sums);

// sum ← a + b on up to `threads` threads; sum may be a or b.
void AddElements(int threads, int64_t count, const float* a, const float* b, float* sum);

// sums[c] += Σ rows values[row, c] on up to `threads` threads, in an order that depends on `rows` alone. values: [rows,
// columns]; sums: [columns].
void AddRowSums(int threads, int64_t rows, int64_t columns, const float* values, float* sums);

// results ← values · factors and sums[c] ← Σ rows of the products[row, c], in one pass over memory. `results`, f32 or
// the products rounded to bf16, may be `values`. factors, values, results: [rows, columns]; sums: [columns].
void MultiplyAndSumRows(int threads, int64_t rows, int64_t columns, const float* factors, const float* values,
                        float* results, float* sums);
void MultiplyAndSumRows(int threads, int64_t rows, int64_t columns, const float* factors, const float* values,
                        uint16_t* results, float* sums);

// rounded ← values as bf16 on up to `threads` threads. values, rounded: [count].
void RoundElements(int threads, int64_t count, const float* values, uint16_t* rounded);

}  // namespace baton

#endif  // BATON_OPS_HOST_VECTORS_H_
