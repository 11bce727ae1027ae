// Walks a layer's primitives and writes down the kernels of each.
#include "ops/models/kernels.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/layers/member_slices.h"
#include "ops/models/attention_kernels.h"
#include "ops/models/kernel_makers.h"

namespace baton {
namespace {

constexpr Bytes kFloat = 4;

void Append(std::vector<Kernel> from, std::vector<Kernel>& to) {
  for (Kernel& kernel : from) to.push_back(std::move(kernel));
}

// The products of a layer that multiplies rows of `inputs` numbers into `outputs`, and the column sums of its bias.
LayerKernels Products(const std::string& name, const Layer& layer, int64_t inputs, int64_t outputs, bool bias) {
  const DataType type = layer.input_shape().type();
  const int64_t rows = layer.output_shape().NumElements() / outputs;
  const LayerFlops flops = layer.flops();
  LayerKernels kernels;
  kernels.forward = {Product(name, flops.forward, rows, outputs, inputs, type, /*accumulates=*/false)};
  kernels.backward_input = {Product(name, flops.backward_input, rows, inputs, outputs, type, /*accumulates=*/false)};
  kernels.backward_weight = {Product(name, flops.backward_weight, outputs, inputs, rows, type, /*accumulates=*/true)};
  if (bias) {
    kernels.forward[0].shape.words["epilogue"] = "bias";
    // Sums of parts of the rows, and another kernel that adds them up.
    Kernel sums = PassOver(name + " bias", "bias gradient", "sum", Shape(type, {rows, outputs}), 0,
                           rows * outputs * SizeOf(type) + 2 * outputs * kFloat);
    sums.launches = 2;
    sums.sums_columns = true;
    kernels.backward_weight.push_back(std::move(sums));
  }
  return kernels;
}

// One pass over the tensors of `layer`, which is of `kind`, in each direction.
LayerKernels Passes(const std::string& name, const std::string& kind, const Layer& layer) {
  Bytes parameters = 0;
  for (const ParameterSpec& parameter : layer.parameters()) parameters += parameter.shape.NumBytes();
  const Bytes input = layer.input_shape().NumBytes(), output = layer.output_shape().NumBytes();
  const Bytes kept_input = layer.input_use() == InputUse::kBackwardInput ? input : 0;
  const Footprint footprint = layer.footprint();
  const LayerFlops flops = layer.flops();
  // The CUDA backend describes its passes by their output, which a loss does not have.
  const Shape& tensor = layer.output_shape().extents().empty() ? layer.input_shape() : layer.output_shape();
  LayerKernels kernels;
  kernels.forward = {PassOver(name, kind, "forward", tensor, flops.forward,
                              input + parameters + output + footprint.saved + footprint.saved_weight)};
  kernels.backward_input = {PassOver(name, kind, "backward", tensor, flops.backward_input,
                                     output + parameters + kept_input + footprint.saved + input)};
  if (parameters > 0) {
    kernels.backward_input[0].sums_columns = true;
    const Bytes read = layer.weight_needs_grad_output() ? output : 0;
    kernels.backward_weight = {Pass(name, "add_gradients", flops.backward_weight,
                                    footprint.saved_weight + footprint.stash + read + 2 * parameters)};
  }
  return kernels;
}

// Rows of token vectors are gathered, and their gradients are scattered; the table is not read as a whole.
LayerKernels Embedding(const EmbeddingSpec& spec, const Layer& layer) {
  const Bytes rows = layer.output_shape().NumBytes();
  const Bytes floats = layer.output_shape().NumElements() * kFloat;
  const std::string& name = spec.token_name;
  const LayerFlops flops = layer.flops();
  LayerKernels kernels;
  kernels.forward = {PassOver(name, "embedding", "forward", layer.output_shape(), flops.forward, 2 * rows)};
  const bool has_positions = !spec.position_name.empty();
  Kernel backward = PassOver(name, "embedding", "backward", layer.output_shape(), flops.backward_weight,
                             rows + 2 * floats + (has_positions ? rows : 0));
  backward.launches = has_positions ? 2 : 1;
  kernels.backward_weight = {std::move(backward)};
  return kernels;
}

class Walker {
 public:
  explicit Walker(const Backend& backend) : backend_(backend) {}

  absl::StatusOr<LayerKernels> Add(const LayerSpec& spec, RecomputeMode mode, Shape& shape) const {
    if (spec.recompute == RecomputeMode::kFull) {
      BATON_ASSIGN_OR_RETURN(LayerKernels kernels, AddKind(spec, RecomputeMode::kNone, shape));
      kernels.recompute = kernels.forward;
      return kernels;
    }
    return AddKind(spec, spec.recompute == RecomputeMode::kAttention ? spec.recompute : mode, shape);
  }

 private:
  absl::StatusOr<LayerKernels> AddAll(const std::vector<LayerSpec>& specs, RecomputeMode mode, Shape& shape) const {
    LayerKernels all;
    for (size_t i = 0; i < specs.size(); ++i) {
      LayerKernels next;
      BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Layer> head_loss, FusedHead(specs, i, shape));
      if (head_loss != nullptr) {
        BATON_ASSIGN_OR_RETURN(next, HeadLoss(specs, i, head_loss->flops().repeated > 0, shape));
        i += 1;
      } else if (IsFused(specs, i, shape)) {
        BATON_ASSIGN_OR_RETURN(next, FeedForward(specs, i, shape));
        i += 2;
      } else {
        BATON_ASSIGN_OR_RETURN(next, Add(specs[i], mode, shape));
      }
      Join(std::move(next), all);
    }
    return all;
  }

  // Adds the kernels of a layer behind those of `all`: its backward pass runs before theirs.
  static void Join(LayerKernels next, LayerKernels& all) {
    Append(std::move(next.forward), all.forward);
    Append(std::move(next.recompute), all.recompute);
    Append(std::move(next.repeated), all.repeated);
    Append(std::move(all.backward_input), next.backward_input);
    Append(std::move(all.backward_weight), next.backward_weight);
    all.backward_input = std::move(next.backward_input);
    all.backward_weight = std::move(next.backward_weight);
  }

  // Whether layers i to i + 2 are a feed-forward layer whose products apply the activation.
  static bool IsFused(const std::vector<LayerSpec>& specs, size_t i, const Shape& shape) {
    if (i + 2 >= specs.size() || shape.type() != DataType::kBFloat16) return false;
    const auto* up = std::get_if<LinearSpec>(&specs[i].kind);
    const auto* activation = std::get_if<ActivationSpec>(&specs[i + 1].kind);
    const auto* down = std::get_if<LinearSpec>(&specs[i + 2].kind);
    return up != nullptr && up->bias && activation != nullptr && activation->kind == ActivationKind::kGeluTanh &&
           down != nullptr;
  }

  absl::StatusOr<LayerKernels> FeedForward(const std::vector<LayerSpec>& specs, size_t i, Shape& shape) const {
    LayerKernels all;
    BATON_ASSIGN_OR_RETURN(LayerKernels up, Add(specs[i], RecomputeMode::kNone, shape));
    BATON_ASSIGN_OR_RETURN(LayerKernels down, Add(specs[i + 2], RecomputeMode::kNone, shape));
    const Bytes element = SizeOf(shape.type());
    // The first product also writes what the GELU was applied to; the gradient by it is taken where it arises.
    AddToTiles(element, up.forward[0]);
    AddToTiles(element, down.backward_input[0]);
    up.forward[0].shape.words["epilogue"] = "gelu";
    down.backward_input[0].shape.words["epilogue"] = "dgelu";
    Join(std::move(up), all);
    Join(std::move(down), all);
    return all;
  }

  // Layers i and i + 1 if they are a head and its loss that the backend computes as one layer, else null.
  absl::StatusOr<std::unique_ptr<Layer>> FusedHead(const std::vector<LayerSpec>& specs, size_t i,
                                                   const Shape& shape) const {
    const auto* head = std::get_if<LinearSpec>(&specs[i].kind);
    const auto* loss = i + 1 < specs.size() ? std::get_if<CrossEntropySpec>(&specs[i + 1].kind) : nullptr;
    if (head == nullptr || loss == nullptr) return std::unique_ptr<Layer>();
    return backend_.CreateHeadLoss(*head, *loss, shape);
  }

  // The loss writes the gradients of the logits over them. `repeats_logits`: the backward pass computes them again.
  absl::StatusOr<LayerKernels> HeadLoss(const std::vector<LayerSpec>& specs, size_t i, bool repeats_logits,
                                        Shape& shape) const {
    LayerKernels all;
    BATON_ASSIGN_OR_RETURN(LayerKernels head, Add(specs[i], RecomputeMode::kNone, shape));
    const Shape logits = shape;
    BATON_ASSIGN_OR_RETURN(const LayerKernels loss, Add(specs[i + 1], RecomputeMode::kNone, shape));
    const double flops = loss.forward[0].flops + loss.backward_input[0].flops;
    if (repeats_logits) {
      const Kernel product = head.forward[0];
      head.backward_input.insert(head.backward_input.begin(), product);
      head.backward_weight.insert(head.backward_weight.begin(), product);
      head.repeated = {product};
    }
    Join(std::move(head), all);
    all.forward.push_back(
        PassOver(loss.forward[0].name, CrossEntropySpec::kKind, "both", logits, flops, 2 * logits.NumBytes()));
    return all;
  }

  static void AddToTiles(Bytes element, Kernel& product) {
    product.tile_bytes += element;
    product.bytes += product.m * product.n * element;
  }

  absl::StatusOr<LayerKernels> AddResidual(const ResidualSpec& residual, RecomputeMode mode, Shape& shape) const {
    Shape branch = shape;
    const Shape input = shape;
    BATON_ASSIGN_OR_RETURN(LayerKernels kernels, AddAll(residual.layers, mode, shape));
    BATON_ASSIGN_OR_RETURN(LayerKernels shortcut, AddAll(residual.shortcut, mode, branch));
    const auto additions = static_cast<double>(input.NumElements());
    if (!residual.layers.empty() && std::holds_alternative<LinearSpec>(residual.layers.back().kind)) {
      AddToTiles(SizeOf(shape.type()), kernels.forward.back());
      kernels.forward.back().shape.extents["adds"] = 1;
      kernels.forward.back().flops += additions;
    } else {
      kernels.forward.push_back(PassOver("residual", "add", "both", shape, additions, 3 * shape.NumBytes()));
    }
    if (!residual.layers.empty() && std::holds_alternative<LayerNormSpec>(residual.layers.front().kind)) {
      kernels.backward_input.back().bytes += input.NumBytes();
      kernels.backward_input.back().flops += additions;
    } else {
      kernels.backward_input.push_back(PassOver("residual", "add", "both", input, additions, 3 * input.NumBytes()));
    }
    Join(std::move(shortcut), kernels);
    return kernels;
  }

  absl::StatusOr<LayerKernels> AddKind(const LayerSpec& spec, RecomputeMode mode, Shape& shape) const {
    if (const auto* sequence = std::get_if<SequenceSpec>(&spec.kind)) return AddAll(sequence->layers, mode, shape);
    if (const auto* residual = std::get_if<ResidualSpec>(&spec.kind)) return AddResidual(*residual, mode, shape);
    // The sums are the links' work, not the device's.
    if (const auto* sum = std::get_if<MemberSumSpec>(&spec.kind)) return AddAll(sum->layers, mode, shape);
    if (const auto* slices = std::get_if<MemberSlicesSpec>(&spec.kind)) {
      BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Layer> layer, BuildLayer(backend_, {spec.kind}, shape));
      BATON_ASSIGN_OR_RETURN(Shape whole, MemberSlices::WholeInput(*slices, shape));
      shape = layer->output_shape();
      return AddAll(slices->layers, mode, whole);
    }
    if (const auto* flattened = std::get_if<FlattenedSpec>(&spec.kind)) {
      shape = Shape(shape.type(), {shape[0], shape.NumElements() / shape[0]});
      return AddAll(flattened->layers, mode, shape);
    }
    BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Layer> layer, BuildLayer(backend_, {spec.kind}, shape));
    shape = layer->output_shape();
    LayerKernels kernels = Primitive(spec, *layer);
    if (mode == RecomputeMode::kAttention && std::holds_alternative<AttentionSpec>(spec.kind)) {
      kernels.recompute = kernels.forward;
    }
    return kernels;
  }

  static LayerKernels Primitive(const LayerSpec& spec, const Layer& layer) {
    if (const auto* linear = std::get_if<LinearSpec>(&spec.kind)) {
      return Products(linear->name, layer, linear->inputs, linear->outputs, linear->bias);
    }
    if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec.kind)) {
      const int64_t inputs = convolution->inputs * convolution->kernel * convolution->kernel;
      return Products(convolution->name, layer, inputs, convolution->outputs, convolution->bias);
    }
    if (const auto* attention = std::get_if<AttentionSpec>(&spec.kind)) return AttentionKernels(*attention, layer);
    if (const auto* embedding = std::get_if<EmbeddingSpec>(&spec.kind)) return Embedding(*embedding, layer);
    const std::string kind = std::visit([](const auto& of) { return std::string(of.kKind); }, spec.kind);
    return Passes(NameOfLayer(kind, layer), kind, layer);
  }

  // As "h.0.ln_1", or else the layer's kind.
  static std::string NameOfLayer(const std::string& kind, const Layer& layer) {
    const std::vector<ParameterSpec> parameters = layer.parameters();
    return parameters.empty() ? kind : parameters[0].name.substr(0, parameters[0].name.rfind('.'));
  }

  const Backend& backend_;
};

}  // namespace

absl::StatusOr<LayerKernels> KernelsOf(const Backend& backend, const LayerSpec& spec, Shape& shape) {
  return Walker(backend).Add(spec, RecomputeMode::kNone, shape);
}

}  // namespace baton
