// A matrix product as a kernel, for tests of kernels' times.
#ifndef BATON_OPS_MODELS_TESTING_PRODUCT_KERNEL_H_
#define BATON_OPS_MODELS_TESTING_PRODUCT_KERNEL_H_

#include <cstdint>

#include "ops/models/kernel_times.h"

namespace baton {

// [m, k] · [k, n], bf16 in and out.
inline Kernel Product(int64_t m, int64_t n, int64_t k) {
  Kernel kernel;
  kernel.kind = KernelKind::kProduct;
  kernel.m = m;
  kernel.n = n;
  kernel.k = k;
  kernel.tile_bytes = 2;
  kernel.flops = 2.0 * m * n * k;
  kernel.bytes = 2 * (m * k + k * n + m * n);
  return kernel;
}

}  // namespace baton

#endif  // BATON_OPS_MODELS_TESTING_PRODUCT_KERNEL_H_
