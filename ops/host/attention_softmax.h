// The softmax of attention over a block of queries, and its gradient. Used only by attention.cc.
//
// A forward pass keeps one number a query, log_sum = log Σ exp(score); a backward pass computes the scores again and
// gets each probability as exp(score − log_sum).
#ifndef BATON_OPS_HOST_ATTENTION_SOFTMAX_H_
#define BATON_OPS_HOST_ATTENTION_SOFTMAX_H_

#include "ops/host/attention_blocks.h"

namespace baton {

// scores ← exp(score − largest of its row) for the keys that the query sees, 0 for the block's others.
// inverse_sums[q] ← 1 / the row's sum; log_sums[q] ← log Σ exp(score). scores: [queries, Stride()].
void ExponentialRows(const QueryBlock& block, float* scores, float* inverse_sums, float* log_sums);

// scores ← probabilities, by the log_sums of the forward pass.
void ProbabilityRows(const QueryBlock& block, const float* log_sums, float* scores);

// Turns the gradients of probabilities, dp, into those of scores: ds = p · (dp − Σ p dp); 0 for keys that a query does
// not see.
void SoftmaxRowsBackward(const QueryBlock& block, const float* probabilities, float* gradients);

}  // namespace baton

#endif  // BATON_OPS_HOST_ATTENTION_SOFTMAX_H_
