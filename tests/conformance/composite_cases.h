// Cases of layers that are made of others, up to whole models.
#ifndef BATON_TESTS_CONFORMANCE_COMPOSITE_CASES_H_
#define BATON_TESTS_CONFORMANCE_COMPOSITE_CASES_H_

#include <vector>

#include "ops/models/gpt2/gpt2.h"
#include "tests/conformance/layer_data.h"

namespace baton {

// A residual block as in ResNet, whose shortcut changes the shape, then a classifier.
LayerCase ShortcutCase(BatchStatistics statistics, DataType type);

// A linear layer and the loss of its outputs, which backends may make as one layer.
LayerCase HeadCase(int64_t rows, int64_t inputs, int64_t classes, bool bias, DataType type, double z_loss = 0);

// All layers of a model as one Sequence.
LayerCase WholeModel(const ModelSpec& model, int64_t num_tokens, int64_t num_classes, DataType type);

LayerCase GptCase(const Gpt2Options& options);

// Everything at once: shared keys, a window, norms of heads that are wider than the model, biases, stretched positions.
LayerCase LlamaCase(bool all);

LayerCase MlpCase(ActivationKind activation, DataType type);

// A feed-forward layer. A `hidden` that is no multiple of 8 prevents fusing.
LayerCase FeedForwardCase(int64_t rows, int64_t hidden, ActivationKind activation, bool last_bias, DataType type);

LayerCase ResidualCase(DataType type);

// A residual block of two linear layers, `up` and `down`, with a GELU between them. [rows, width], in f32.
LayerCase GeluBlockCase(int64_t rows, int64_t width, int64_t hidden);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_COMPOSITE_CASES_H_
