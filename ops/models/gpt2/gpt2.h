// GPT-2 (Radford et al. 2019) as a list of layers, with the parameter names of Hugging Face's weights. Used by
// runtime/planning to make a job's model.
#ifndef BATON_OPS_MODELS_GPT2_GPT2_H_
#define BATON_OPS_MODELS_GPT2_GPT2_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/models/transformer_dropout.h"

namespace baton {

// Sizes are in [1, 2²⁰].
struct Gpt2Options {
  int64_t layers = 0;                                 // blocks
  int64_t width = 0;                                  // channels of an activation
  int64_t heads = 0;                                  // divides width
  int64_t context = 0;                                // rows of the table of positions
  int64_t vocabulary = 0;                             // tokens are in [0, vocabulary)
  ActivationKind activation = ActivationKind::kGelu;  // of the feed-forward half of a block
  int64_t sequence = 0;                               // tokens of a sequence, at most context; 0: context
  int64_t feed_forward = 0;  // channels between a block's last two linear layers; 0: 4 · width
  double epsilon = 1e-5;     // of the layer norms
  bool tied = true;          // the head's weight is the token embedding's
  TransformerDropout dropout{};
};

// The model has one layer for each block, between which a split may cut. The first layer also has the embedding; the
// last also has the final norm, the head and the loss. A block computes
// x + proj(attention(qkv(ln_1(x)))), then x + proj(activation(fc(ln_2(x)))). Without `tied` the head has
// lm_head.weight. Input and targets: [sequences_per_micro_batch, sequence] i32. The loss is the mean over the tokens of
// a batch. Linear weights are [outputs, inputs], the transpose of those in GPT-2's own checkpoints. Their initial
// values are normal with standard deviation 0.02, for the two projections into the residual stream 0.02 / √(2 ·
// layers). Errors: InvalidArgument that names the field, such as `model.gpt2.heads: 3 does not divide width: 128`.
absl::StatusOr<ModelSpec> Gpt2Model(const Gpt2Options& options, int64_t sequences_per_micro_batch,
                                    int64_t sequences_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_GPT2_GPT2_H_
