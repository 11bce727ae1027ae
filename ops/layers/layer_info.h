// The facts about a primitive layer that all backends share, computed from its spec and checked: shapes, parameters,
// use of the input in the backward pass, and FLOPs. Used by each backend's Create functions.
#ifndef BATON_OPS_LAYERS_LAYER_INFO_H_
#define BATON_OPS_LAYERS_LAYER_INFO_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

struct LayerInfo {
  Shape input_shape;
  Shape output_shape;
  std::vector<ParameterSpec> parameters;
  InputUse input_use = InputUse::kNever;
  bool weight_needs_grad_output = false;
  LayerFlops flops;
};

// Errors of all functions: InvalidArgument that names the layer's field, its value and what is allowed. No tensor may
// have more than 2³⁵ elements.

// input: [rows…, inputs] float. BackwardWeight reads the input and the gradient of the output.
absl::StatusOr<LayerInfo> LinearInfo(const LinearSpec& spec, const Shape& input);
// input: [sequences, context] i32; the output has `type`.
absl::StatusOr<LayerInfo> EmbeddingInfo(const EmbeddingSpec& spec, const Shape& input, DataType type);
// input: [rows…, width] float. BackwardInput also computes the gradients of the parameters, which are small, and
// stashes them, so that BackwardWeight reads neither the input nor the gradient of the output.
absl::StatusOr<LayerInfo> LayerNormInfo(const LayerNormSpec& spec, const Shape& input);
// input: [rows…, row] float. BackwardInput computes and stashes the weight's gradient, as for layer norms.
absl::StatusOr<LayerInfo> RmsNormInfo(const RmsNormSpec& spec, const Shape& input);
// input: any float.
absl::StatusOr<LayerInfo> ActivationInfo(const ActivationSpec& spec, const Shape& input);
// input: [rows…, first.inputs] float. The three layers as one, with the parameters of `first` and then of `second`.
absl::StatusOr<LayerInfo> FeedForwardInfo(const LinearSpec& first, ActivationKind activation, const LinearSpec& second,
                                          const Shape& input);
// input: [rows…, 2 · width] float.
absl::StatusOr<LayerInfo> GateInfo(const GateSpec& spec, const Shape& input);
// input: [sequences, context, row] float. No pass reads the input again: a gradient turns back.
absl::StatusOr<LayerInfo> RotaryInfo(const RotarySpec& spec, const Shape& input);
// input: [sequences, context, width + 2 · key width] float. FLOPs count only pairs that the mask keeps.
absl::StatusOr<LayerInfo> AttentionInfo(const AttentionSpec& spec, const Shape& input);
// input: [sequences, …] float. No pass reads the input again, and nothing is saved: the mask is drawn again.
absl::StatusOr<LayerInfo> DropoutInfo(const DropoutSpec& spec, const Shape& input);
// For dropout: the elements of a whole sequence, and the number in the micro-batch of the input's first element. They
// are 0 or more for an input that DropoutInfo takes.
int64_t ElementsOfSequence(const DropoutSpec& spec, const Shape& input);
int64_t FirstElement(const DropoutSpec& spec, const Shape& input);
// The input of the next functions is an image: [examples, channels, height, width] float.
// BackwardWeight reads the input and the gradient of the output.
absl::StatusOr<LayerInfo> ConvolutionInfo(const ConvolutionSpec& spec, const Shape& input);
// BackwardInput computes and stashes the gradients of the parameters, as for layer norms.
absl::StatusOr<LayerInfo> GroupNormInfo(const GroupNormSpec& spec, const Shape& input);
absl::StatusOr<LayerInfo> BatchNormInfo(const BatchNormSpec& spec, const Shape& input);
// No pass of the next ones reads the input again.
absl::StatusOr<LayerInfo> PoolInfo(const PoolSpec& spec, const Shape& input);
absl::StatusOr<LayerInfo> PatchesInfo(const PatchesSpec& spec, const Shape& input);
// input: an image, or [sequences, rows, width] float.
absl::StatusOr<LayerInfo> GlobalAverageInfo(const GlobalAverageSpec& spec, const Shape& input);
// input: [sequences, rows, width] float. BackwardWeight reads the gradient of the output.
absl::StatusOr<LayerInfo> PositionsInfo(const PositionsSpec& spec, const Shape& input);
absl::StatusOr<LayerInfo> FirstRowInfo(const FirstRowSpec& spec, const Shape& input);
// input: [rows…, at least end] float.
absl::StatusOr<LayerInfo> ColumnsInfo(const ColumnsSpec& spec, const Shape& input);
// input: [rows…, classes] float; no output.
absl::StatusOr<LayerInfo> CrossEntropyInfo(const CrossEntropySpec& spec, const Shape& input);

// The product of all extents except the last; 0 for an empty shape.
int64_t NumRows(const Shape& shape);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_LAYER_INFO_H_
