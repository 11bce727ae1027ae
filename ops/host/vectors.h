// Loops over vectors that several layers share. Used only by the .cc files of ops/host.
#ifndef BATON_OPS_HOST_VECTORS_H_
#define BATON_OPS_HOST_VECTORS_H_

#include <cstdint>

namespace baton {

// sums ← sums + values. values, sums: [count].
void AddTo(int64_t count, const float* values, float* sums);

}  // namespace baton

#endif  // BATON_OPS_HOST_VECTORS_H_
