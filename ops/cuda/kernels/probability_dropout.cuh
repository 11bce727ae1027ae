// Dropout of attention's probabilities in a kernel. Included by the attention kernels.
//
//   const ProbabilityFactors factors = FactorsOf(shape, dropout, block.sequence);
//   … probability * factors.Of(head, query, key) …
#ifndef BATON_OPS_CUDA_KERNELS_PROBABILITY_DROPOUT_CUH_
#define BATON_OPS_CUDA_KERNELS_PROBABILITY_DROPOUT_CUH_

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/attention.h"
#include "ops/cuda/kernels/read_step.cuh"
#include "ops/layers/attention_dropout.h"

namespace baton {

// The factors by which a block's probabilities are multiplied.
struct ProbabilityFactors {
  bool drops = false;  // false: all factors are 1
  StepContext step;
  uint64_t name_hash = 0;
  uint64_t threshold = 0;
  float scale = 1.0f;
  int64_t sequence = 0;  // its number in the step's batch
  int64_t context = 0;
  int64_t first_head = 0;

  // 0 or `scale`. Not inlined, since its rounds would take registers from the products.
  __device__ BATON_NO_INLINE float Draw(int64_t head, int64_t query, int64_t key) const {
    const auto words =
        DropoutWords(name_hash, step, sequence, AttentionDropoutBlock(context, first_head + head, query, key));
    return words.v[key % kDropoutBlock] < threshold ? 0.0f : scale;
  }
  __device__ float Of(int64_t head, int64_t query, int64_t key) const { return drops ? Draw(head, query, key) : 1.0f; }
};

// All threads of the block must call this.
__device__ inline ProbabilityFactors FactorsOf(const AttentionShape& shape, const ProbabilityDropout& dropout,
                                               int64_t sequence) {
  ProbabilityFactors factors;
  if (dropout.threshold == 0) return factors;
  factors.step = ReadStep(dropout.step);
  factors.drops = factors.step.training;
  factors.name_hash = dropout.name_hash;
  factors.threshold = dropout.threshold;
  factors.scale = dropout.scale;
  factors.sequence = dropout.first_sequence + sequence;
  factors.context = shape.context;
  factors.first_head = dropout.first_head;
  return factors;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_PROBABILITY_DROPOUT_CUH_
