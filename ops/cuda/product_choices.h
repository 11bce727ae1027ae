// Where the algorithms of matrix products come from, if they are measured: each product has one choice for a GPU and a
// library, so that equal products compute equal bits. Used by Matmul; implemented by runtime/machine, which keeps the
// choices in a file.
#ifndef BATON_OPS_CUDA_PRODUCT_CHOICES_H_
#define BATON_OPS_CUDA_PRODUCT_CHOICES_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

struct ProductChoice {
  std::string epilogue;                    // what the algorithm applies, by name
  std::array<uint64_t, 8> algorithm = {};  // a cublasLtMatmulAlgo_t
  double micros = 0;                       // that it took when it was chosen
};

// Where a choice holds.
struct ProductPlace {
  std::string gpu;      // as "NVIDIA H100 80GB HBM3, 132 multiprocessors"
  std::string library;  // as "cuBLASLt 130100"
  std::string product;  // shapes, types and what else decides which algorithms there are
};

// Thread contract: any thread.
class ProductChoices {
 public:
  virtual ~ProductChoices() = default;

  using Measure = std::function<absl::StatusOr<ProductChoice>()>;
  // The choice for `place`. If there is none yet, `measure` makes it, one at a time. Errors: `measure`'s and those of
  // the implementation.
  virtual absl::StatusOr<ProductChoice> Choose(const ProductPlace& place, const Measure& measure) = 0;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_PRODUCT_CHOICES_H_
