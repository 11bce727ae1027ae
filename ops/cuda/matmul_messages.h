// The names of products in messages, files and tables. Used by the .cc files of matmul.h.
#ifndef BATON_OPS_CUDA_MATMUL_MESSAGES_H_
#define BATON_OPS_CUDA_MATMUL_MESSAGES_H_

#include "absl/status/status.h"
#include "ops/cuda/matmul.h"

namespace baton {

// As "gelu", for files and tables.
const char* ShortName(MatmulEpilogue epilogue);

// Internal: cuBLASLt cannot compute the product.
absl::Status NoAlgorithm(const MatmulSpec& spec, const absl::Status& reason);

// Says on standard error, once for each shape in this process, that cuBLASLt applies less than the spec's epilogue.
void WarnOnce(const MatmulSpec& spec, MatmulEpilogue fused, const absl::Status& reason);

}  // namespace baton

#endif  // BATON_OPS_CUDA_MATMUL_MESSAGES_H_
