// The probabilities of a transformer's dropout. Part of the options of GPT-2, Llama, BERT and ViT.
#ifndef BATON_OPS_MODELS_TRANSFORMER_DROPOUT_H_
#define BATON_OPS_MODELS_TRANSFORMER_DROPOUT_H_

namespace baton {

// Each from 0 to below 1.
struct TransformerDropout {
  double embedding = 0;  // of features behind the embedding
  double attention = 0;  // of attention's probabilities
  double residual = 0;   // of features before each residual addition
};

}  // namespace baton

#endif  // BATON_OPS_MODELS_TRANSFORMER_DROPOUT_H_
