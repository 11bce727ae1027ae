// Each kind of LayerSpec to the backend's or the composite's factory.
#include "ops/layers/build.h"

#include <utility>

#include "base/status.h"
#include "ops/layers/residual.h"
#include "ops/layers/sequence.h"

namespace baton {
namespace {

absl::StatusOr<std::unique_ptr<Layer>> BuildSequence(const Backend& backend, const std::vector<LayerSpec>& specs,
                                                     const Shape& input) {
  BATON_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Layer>> layers, BuildLayers(backend, specs, input));
  return Sequence::Create(std::move(layers));
}

// One overload a kind of layer: a kind without one does not compile.
struct Builder {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Backend& backend;
  const Shape& input;

  Result operator()(const LinearSpec& spec) const { return backend.CreateLinear(spec, input); }
  Result operator()(const EmbeddingSpec& spec) const { return backend.CreateEmbedding(spec, input); }
  Result operator()(const LayerNormSpec& spec) const { return backend.CreateLayerNorm(spec, input); }
  Result operator()(const ActivationSpec& spec) const { return backend.CreateActivation(spec, input); }
  Result operator()(const CausalAttentionSpec& spec) const { return backend.CreateCausalAttention(spec, input); }
  Result operator()(const CrossEntropySpec& spec) const { return backend.CreateCrossEntropy(spec, input); }
  Result operator()(const SequenceSpec& spec) const { return BuildSequence(backend, spec.layers, input); }
  Result operator()(const ResidualSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, BuildSequence(backend, spec.layers, input));
    return Residual::Create(backend, std::move(inner));
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> BuildLayer(const Backend& backend, const LayerSpec& spec, const Shape& input) {
  return std::visit(Builder{backend, input}, spec.kind);
}

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend,
                                                                const std::vector<LayerSpec>& specs,
                                                                const Shape& input) {
  std::vector<std::unique_ptr<Layer>> layers;
  Shape shape = input;
  for (const LayerSpec& spec : specs) {
    if (shape.empty()) return absl::InvalidArgumentError("layers: a cross-entropy may only be the last");
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, spec, shape));
    shape = layer->output_shape();
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace baton
