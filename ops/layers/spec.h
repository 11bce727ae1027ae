// Descriptions of layers. A model is a list of them; a backend makes a Layer from each. kKind names a kind in
// messages. Used by ops/models, BuildLayer and runtime/planning. Shapes follow from the micro-batch; the names of
// parameters are those in weights.safetensors.
//
//   LinearSpec linear;
//   linear.name = "fc";                                                      // fc.weight, fc.bias
//   linear.inputs = 128;
//   linear.outputs = 512;
//   const LayerSpec up = {linear};
//   const LayerSpec block = {ResidualSpec{{up, {ActivationSpec{}}, down}}};  // x + down(gelu(up(x)))
#ifndef BATON_OPS_LAYERS_SPEC_H_
#define BATON_OPS_LAYERS_SPEC_H_

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ops/layers/image_spec.h"
#include "ops/layers/layer.h"
#include "ops/layers/primitive_spec.h"

namespace baton {

struct LayerSpec;

// Layers whose input is each example's elements as one row of features: [examples, …] → as for [examples, features].
struct FlattenedSpec {
  static constexpr char kKind[] = "flattened";
  std::vector<LayerSpec> layers;
};

// Layers one after another.
struct SequenceSpec {
  static constexpr char kKind[] = "sequence";
  std::vector<LayerSpec> layers;
};

// x + layers(x), or shortcut(x) + layers(x) if there are layers in the shortcut.
struct ResidualSpec {
  static constexpr char kKind[] = "residual";
  std::vector<LayerSpec> layers;
  std::vector<LayerSpec> shortcut{};
};

// Tensor parallelism: layers that compute a part of a sum over the members of a group (ops/layers/member_group.h). The
// sums are in the order of members and replace the parts of all members.
//
//   one half of a transformer block: linear by rows ─▶ attention ─▶ linear by columns, with `output` and `grad_input`
struct MemberSumSpec {
  static constexpr char kKind[] = "member sum";
  std::vector<LayerSpec> layers;
  bool output = false;      // Forward sums the output
  bool grad_input = false;  // BackwardInput sums the gradient of the input
  // BackwardWeight sums what it adds to the gradients of parameters: for layers whose whole parameters act on a
  // member's part of the features.
  bool gradients = false;
};

// Tensor parallelism with slices of rows: layers that compute whole rows between layers that compute slices. See
// ops/layers/member_slices.h.
struct MemberSlicesSpec {
  static constexpr char kKind[] = "member slices";
  enum class Input : int8_t {
    kWhole,
    kGathered,       // a slice; gathered before `layers`, whose gradient by it is whole on every member
    kGatheredParts,  // a slice; gathered before `layers`, whose gradients by it are parts of a sum over members
  };
  enum class Output : int8_t {
    kWhole,
    kOwnRows,  // the member's rows of the output, which is whole on every member
    kSum,      // the member's rows of the sum of the members' outputs
  };

  std::vector<LayerSpec> layers;
  RowSlices rows;
  Input input = Input::kWhole;
  Output output = Output::kWhole;
};

// The part of its saved bytes that a layer drops after Forward and computes again before its backward pass. kNone:
// nothing. kAttention: what attention saves, which is the largest part for long contexts and cheap to compute
// (Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", section 5). kFull:
// everything except the layer's input.
enum class RecomputeMode : int8_t { kNone, kAttention, kFull };

struct LayerSpec {
  std::variant<LinearSpec, EmbeddingSpec, LayerNormSpec, RmsNormSpec, ActivationSpec, GateSpec, RotarySpec,
               AttentionSpec, DropoutSpec, ConvolutionSpec, GroupNormSpec, BatchNormSpec, PoolSpec, GlobalAverageSpec,
               PatchesSpec, PositionsSpec, FirstRowSpec, ColumnsSpec, CrossEntropySpec, FlattenedSpec, SequenceSpec,
               ResidualSpec, MemberSumSpec, MemberSlicesSpec>
      kind;
  RecomputeMode recompute = RecomputeMode::kNone;
};

// A model: the layers between which a split may cut. The embedding is part of the first layer, the head and the loss of
// the last.
struct ModelSpec {
  std::string name;
  Shape input_shape;    // of one micro-batch
  Shape targets_shape;  // of one micro-batch: i32
  std::vector<std::string> layer_names;
  std::vector<LayerSpec> layers;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_SPEC_H_
