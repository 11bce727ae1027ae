// The tests' control over the stand-in's cuBLASLt.
#ifndef BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_H_
#define BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_H_

#include <cublasLt.h>

namespace baton::stand_in {

// From now on, for products with an epilogue the heuristic returns `heuristic`, and if that is a success, running the
// product returns `product`. Thread contract: any thread, while no product is chosen or run.
void FailEpilogues(cublasStatus_t heuristic, cublasStatus_t product);

// Sets the version that cublasLtGetVersion returns from now on.
void SetLibraryVersion(size_t version);

// Makes `algorithm` another one for the same product, which adds in `order`, from 0 to 2, and applies `epilogue`.
void ChangeAlgorithm(int order, cublasLtEpilogue_t epilogue, cublasLtMatmulAlgo_t* algorithm);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_CUBLAS_LT_H_
