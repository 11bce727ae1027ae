// Products of small matrices with operands in any order, without copies of them. Used only by attention.cc: oneDNN's
// sgemm takes up to twice as long for products of some ten rows, columns and terms, which it copies first.
#ifndef BATON_OPS_HOST_SMALL_PRODUCT_H_
#define BATON_OPS_HOST_SMALL_PRODUCT_H_

#include <cstdint>

namespace baton {

// Columns are computed in steps of this many.
constexpr int64_t kSmallProductStep = 16;

// A matrix whose element (i, j) is at data[i · row_stride + j · column_stride].
struct StridedMatrix {
  const float* data;
  int64_t row_stride;
  int64_t column_stride;
};

// c ← a · b, or c + a · b if `adds`. a: [m, k]; b: [k, n], row-major, rows b_stride apart; c: [m, n], rows c_stride
// apart. n must be a multiple of kSmallProductStep. The sum of each element is in the order of k, whatever m and n.
void SmallProduct(int64_t m, int64_t n, int64_t k, const StridedMatrix& a, const float* b, int64_t b_stride, bool adds,
                  float* c, int64_t c_stride);

}  // namespace baton

#endif  // BATON_OPS_HOST_SMALL_PRODUCT_H_
