// Vectorised loops over vectors.
#include "ops/host/vectors.h"

#include "ops/host/simd.h"

namespace baton {

BATON_SIMD_CLONES
void AddTo(int64_t count, const float* __restrict values, float* __restrict sums) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
}

}  // namespace baton
