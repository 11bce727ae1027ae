// Layers between images and rows of features, and those that add or take rows, on GPUs. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_ROWS_H_
#define BATON_OPS_CUDA_ROWS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: those of the kind's …Info; InvalidArgument for an input of another type than the options' precision.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaPatches(const PatchesSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options);
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaPositions(const PositionsSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options);
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaFirstRow(const FirstRowSpec& spec, const Shape& input,
                                                          const CudaBackendOptions& options);
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaColumns(const ColumnsSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_ROWS_H_
