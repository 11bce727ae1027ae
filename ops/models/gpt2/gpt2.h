// GPT-2 (Radford et al. 2019) as a list of layers, with the parameter names of Hugging Face's weights. Used by whoever
// turns a job into a model.
#ifndef BATON_OPS_MODELS_GPT2_GPT2_H_
#define BATON_OPS_MODELS_GPT2_GPT2_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

struct Gpt2Options {
  int64_t layers = 0;
  int64_t width = 0;
  int64_t heads = 0;
  int64_t context = 0;
  int64_t vocabulary = 0;
  ActivationKind activation = ActivationKind::kGelu;  // of the feed-forward half of a block
};

// One layer of the split for each block; the first also embeds, the last also has the final norm, the head (tied to the
// token embedding) and the loss. A block: x + proj(attention(qkv(ln_1(x)))), then x + proj(activation(fc(ln_2(x)))).
// Input and targets: [sequences_per_micro_batch, context] i32; the loss is the mean over the tokens of a batch.
// Linear weights are [outputs, inputs], the transpose of those in GPT-2's own checkpoints. They start normal with
// deviation 0.02, the two projections into the residual stream with 0.02 / √(2 · layers).
// Errors: InvalidArgument naming the field, as `model.gpt2.heads: 3 does not divide width: 128`.
absl::StatusOr<ModelSpec> Gpt2Model(const Gpt2Options& options, int64_t sequences_per_micro_batch,
                                    int64_t sequences_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_GPT2_GPT2_H_
