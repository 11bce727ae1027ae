// BERT (Devlin et al. 2019) that predicts masked tokens, as a list of layers. Used by runtime/planning to make a job's
// model.
#ifndef BATON_OPS_MODELS_BERT_BERT_H_
#define BATON_OPS_MODELS_BERT_BERT_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/models/transformer_dropout.h"

namespace baton {

// Sizes are in [1, 2²⁰].
struct BertOptions {
  int64_t layers = 0;        // blocks
  int64_t width = 0;         // channels of an activation
  int64_t heads = 0;         // divides width
  int64_t feed_forward = 0;  // width between the two linear layers of a block
  int64_t positions = 0;     // rows of the table of positions
  int64_t vocabulary = 0;    // tokens are in [0, vocabulary)
  int64_t segments = 2;      // kinds of segments
  ActivationKind activation = ActivationKind::kGelu;
  double epsilon = 1e-12;  // of the layer norms
  TransformerDropout dropout{};
  int64_t context = 0;    // tokens of a sequence; at most positions
  int64_t predicted = 0;  // tokens of a sequence that have a target; the loss is the mean over these
};

// One layer for each block, between which a split may cut. The first also has the embedding and its norm; the last also
// has the head and the loss. A block computes norm_1(x + output(attention(qkv(x)))), then
// norm_2(x + down(activation(up(x)))). The head computes norm(activation(dense(x))) · tokensᵀ + bias: its matrix is
// tied to the embedding of tokens. Input: [sequences_per_micro_batch, context] i32, segment · vocabulary + token;
// targets: the same shape, kIgnoredTarget where nothing is predicted. Attention sees all tokens. The loss is Σ /
// (predicted · sequences_per_batch). Initial values of weights are normal with standard deviation 0.02. Errors:
// InvalidArgument that names the field, such as `model.bert.heads: 3 does not divide width: 128`.
absl::StatusOr<ModelSpec> BertModel(const BertOptions& options, int64_t sequences_per_micro_batch,
                                    int64_t sequences_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_BERT_BERT_H_
