// Llama (Touvron et al. 2023) and its kin (Mistral, Qwen 2, Qwen 3) as a list of layers. Used by runtime/planning to
// make a job's model.
#ifndef BATON_OPS_MODELS_LLAMA_LLAMA_H_
#define BATON_OPS_MODELS_LLAMA_LLAMA_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/models/transformer_dropout.h"

namespace baton {

// Sizes are in [1, 2²⁰].
struct LlamaOptions {
  int64_t layers = 0;                                 // blocks
  int64_t width = 0;                                  // channels of an activation
  int64_t heads = 0;                                  // of the queries
  int64_t key_value_heads = 0;                        // divides heads
  int64_t head_width = 0;                             // channels of a head; even
  int64_t feed_forward = 0;                           // channels of the gate
  int64_t vocabulary = 0;                             // tokens are in [0, vocabulary)
  int64_t sequence = 0;                               // tokens of a sequence
  ActivationKind activation = ActivationKind::kSilu;  // of the gate
  double epsilon = 1e-5;                              // of the RMS norms
  RotaryFrequencies frequencies;
  int64_t window = 0;  // a token sees its own and the window − 1 tokens before; 0: all before
  bool tied = false;   // the head's weight is the token embedding's
  TransformerDropout dropout{};
  bool query_key_value_bias = false;
  bool attention_output_bias = false;
  bool feed_forward_bias = false;
  bool query_key_norm = false;  // each head of queries and keys has an RMS norm before its rotation
};

// The model has one layer for each block, between which a split may cut. The first layer also has the embedding; the
// last also has the final norm, the head and the loss. A block computes x + o_proj(attention(rotate(qkv(norm(x))))),
// then x + down_proj(gate(gate_up(norm(x)))). Parameters; all linear weights are [outputs, inputs]:
//
//   embed_tokens.weight                        [vocabulary, width]
//   layers.N.input_layernorm.weight            [width]
//   layers.N.self_attn.qkv_proj.weight         [(heads + 2 · key_value_heads) · head_width, width]
//   layers.N.self_attn.q_norm.weight, k_norm   [head_width], if query_key_norm
//   layers.N.self_attn.o_proj.weight           [width, heads · head_width]
//   layers.N.post_attention_layernorm.weight   [width]
//   layers.N.mlp.gate_up_proj.weight           [2 · feed_forward, width]
//   layers.N.mlp.down_proj.weight              [width, feed_forward]
//   norm.weight                                [width]
//   lm_head.weight                             [vocabulary, width], if not tied
//
// Input and targets: [sequences_per_micro_batch, sequence] i32. The loss is the mean over the tokens of a batch.
// Initial weights are normal with standard deviation 0.02, for the two projections into the residual stream
// 0.02 / √(2 · layers); biases are 0 and norms 1.
// Errors: InvalidArgument that names the field, as `model.llama.key_value_heads: 3 does not divide heads: 8`.
absl::StatusOr<ModelSpec> LlamaModel(const LlamaOptions& options, int64_t sequences_per_micro_batch,
                                     int64_t sequences_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_LLAMA_LLAMA_H_
