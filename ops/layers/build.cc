// Each kind of LayerSpec to the backend's or the composite's factory.
#include "ops/layers/build.h"

#include <utility>

#include "base/status.h"
#include "ops/layers/recomputed.h"
#include "ops/layers/residual.h"
#include "ops/layers/sequence.h"

namespace baton {
namespace {

absl::StatusOr<std::unique_ptr<Layer>> Build(const Backend& backend, const LayerSpec& spec, const Shape& input,
                                             RecomputeMode mode);

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildAll(const Backend& backend,
                                                             const std::vector<LayerSpec>& specs, const Shape& input,
                                                             RecomputeMode mode) {
  std::vector<std::unique_ptr<Layer>> layers;
  Shape shape = input;
  for (const LayerSpec& spec : specs) {
    if (shape.empty()) return absl::InvalidArgumentError("layers: a cross-entropy may only be the last");
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, Build(backend, spec, shape, mode));
    shape = layer->output_shape();
    layers.push_back(std::move(layer));
  }
  return layers;
}

// One overload a kind of layer: a kind without one does not compile.
struct Builder {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Backend& backend;
  const Shape& input;
  const RecomputeMode mode;  // of the layers inside

  Result operator()(const LinearSpec& spec) const { return backend.CreateLinear(spec, input); }
  Result operator()(const EmbeddingSpec& spec) const { return backend.CreateEmbedding(spec, input); }
  Result operator()(const LayerNormSpec& spec) const { return backend.CreateLayerNorm(spec, input); }
  Result operator()(const ActivationSpec& spec) const { return backend.CreateActivation(spec, input); }
  Result operator()(const CausalAttentionSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, backend.CreateCausalAttention(spec, input));
    if (mode == RecomputeMode::kAttention) layer = std::make_unique<Recomputed>(std::move(layer));
    return layer;
  }
  Result operator()(const CrossEntropySpec& spec) const { return backend.CreateCrossEntropy(spec, input); }
  Result operator()(const SequenceSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Layer>> layers, BuildAll(backend, spec.layers, input, mode));
    return Sequence::Create(std::move(layers));
  }
  Result operator()(const ResidualSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, (*this)(SequenceSpec{spec.layers}));
    return Residual::Create(backend, std::move(inner));
  }
};

// `mode` is that of what the layer is part of.
absl::StatusOr<std::unique_ptr<Layer>> Build(const Backend& backend, const LayerSpec& spec, const Shape& input,
                                             RecomputeMode mode) {
  // Inside what is computed again as a whole, nothing is by itself.
  if (spec.recompute == RecomputeMode::kFull) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner,
                           std::visit(Builder{backend, input, RecomputeMode::kNone}, spec.kind));
    return std::make_unique<Recomputed>(std::move(inner));
  }
  return std::visit(Builder{backend, input, spec.recompute == RecomputeMode::kAttention ? spec.recompute : mode},
                    spec.kind);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> BuildLayer(const Backend& backend, const LayerSpec& spec, const Shape& input) {
  return Build(backend, spec, input, RecomputeMode::kNone);
}

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend,
                                                                const std::vector<LayerSpec>& specs,
                                                                const Shape& input) {
  return BuildAll(backend, specs, input, RecomputeMode::kNone);
}

}  // namespace baton
