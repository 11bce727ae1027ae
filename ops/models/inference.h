// Changes a trained model's layers so that it is used without its loss. Used by runtime/inference.
#ifndef BATON_OPS_MODELS_INFERENCE_H_
#define BATON_OPS_MODELS_INFERENCE_H_

#include "ops/layers/spec.h"

namespace baton {

// `model` without the cross-entropy at its end: its output is the logits, [rows…, classes].
ModelSpec WithoutLoss(ModelSpec model);

// True if no position of the model's output depends on a later position of its input: all attention is causal.
bool IsCausal(const ModelSpec& model);

// True if the model reads tokens.
bool ReadsTokens(const ModelSpec& model);

}  // namespace baton

#endif  // BATON_OPS_MODELS_INFERENCE_H_
