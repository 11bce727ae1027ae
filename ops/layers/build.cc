// Calls the backend for each primitive layer and composes the results.
#include "ops/layers/build.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/flattened.h"
#include "ops/layers/member_slices.h"
#include "ops/layers/member_sum.h"
#include "ops/layers/recomputed.h"
#include "ops/layers/residual.h"
#include "ops/layers/sequence.h"
#include "ops/layers/shortcut_residual.h"

namespace baton {
namespace {

// Where a layer stands.
struct Inside {
  RecomputeMode mode = RecomputeMode::kNone;
  // Inside a residual, layers may be fused: no split cuts there, so every split fuses the same layers and gives the
  // same bits.
  bool residual = false;
  // Inside a composite, where no split cuts either.
  bool composite = false;
};

absl::StatusOr<std::unique_ptr<Layer>> Build(const Backend& backend, const LayerSpec& spec, const Shape& input,
                                             Inside inside);

constexpr size_t kFeedForwardLayers = 3;

// Makes specs[begin, begin + 3) as one feed-forward layer. Returns null if they are not one or the backend cannot.
absl::StatusOr<std::unique_ptr<Layer>> BuildFeedForward(const Backend& backend, const std::vector<LayerSpec>& specs,
                                                        size_t begin, const Shape& input) {
  if (specs.size() - begin < kFeedForwardLayers) return std::unique_ptr<Layer>();
  const auto* const first = std::get_if<LinearSpec>(&specs[begin].kind);
  const auto* const activation = std::get_if<ActivationSpec>(&specs[begin + 1].kind);
  const auto* const second = std::get_if<LinearSpec>(&specs[begin + 2].kind);
  if (first == nullptr || activation == nullptr || second == nullptr) return std::unique_ptr<Layer>();
  return backend.CreateFeedForward(*first, activation->kind, *second, input);
}

// Makes the last two of `specs` as one layer. Returns null if `begin` is not where they begin, or if they are no linear
// layer with a loss, or the backend makes them as two.
absl::StatusOr<std::unique_ptr<Layer>> BuildHeadLoss(const Backend& backend, const std::vector<LayerSpec>& specs,
                                                     size_t begin, const Shape& input) {
  if (specs.size() - begin != 2) return std::unique_ptr<Layer>();
  const auto* const head = std::get_if<LinearSpec>(&specs[begin].kind);
  const auto* const loss = std::get_if<CrossEntropySpec>(&specs[begin + 1].kind);
  if (head == nullptr || loss == nullptr) return std::unique_ptr<Layer>();
  return backend.CreateHeadLoss(*head, *loss, input);
}

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildAll(const Backend& backend,
                                                             const std::vector<LayerSpec>& specs, const Shape& input,
                                                             Inside inside) {
  std::vector<std::unique_ptr<Layer>> layers;
  Shape shape = input;
  for (size_t i = 0; i < specs.size();) {
    if (shape.empty()) return absl::InvalidArgumentError("layers: a cross-entropy may only be the last layer");
    std::unique_ptr<Layer> layer;
    size_t next = i + 1;
    if (inside.residual) {
      BATON_ASSIGN_OR_RETURN(layer, BuildFeedForward(backend, specs, i, shape));
      if (layer != nullptr) next = i + kFeedForwardLayers;
    }
    if (layer == nullptr && inside.composite) {
      BATON_ASSIGN_OR_RETURN(layer, BuildHeadLoss(backend, specs, i, shape));
      if (layer != nullptr) next = specs.size();
    }
    if (layer == nullptr) {
      BATON_ASSIGN_OR_RETURN(layer, Build(backend, specs[i], shape, inside));
    }
    i = next;
    shape = layer->output_shape();
    layers.push_back(std::move(layer));
  }
  return layers;
}

// The backend makes primitive layers; composites and what wraps a layer are made here.
struct Builder {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Backend& backend;
  const Shape& input;
  const Inside inside;  // for the layers of a composite

  template <typename Primitive>
  Result operator()(const Primitive& spec) const {
    return backend.Create({spec}, input);
  }
  Result operator()(const AttentionSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, backend.Create({spec}, input));
    if (inside.mode == RecomputeMode::kAttention) layer = std::make_unique<Recomputed>(std::move(layer));
    return layer;
  }
  Result operator()(const SequenceSpec& spec) const {
    Inside own = inside;
    own.composite = true;
    BATON_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Layer>> layers, BuildAll(backend, spec.layers, input, own));
    return Sequence::Create(std::move(layers));
  }
  Result operator()(const ResidualSpec& spec) const {
    const Builder builder{backend, input, Inside{inside.mode, /*residual=*/true, /*composite=*/true}};
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, builder(SequenceSpec{spec.layers}));
    if (spec.shortcut.empty()) return Residual::Create(backend, std::move(inner));
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> shortcut, builder(SequenceSpec{spec.shortcut}));
    return ShortcutResidual::Create(backend, std::move(inner), std::move(shortcut));
  }
  Result operator()(const MemberSumSpec& spec) const {
    const Builder builder{backend, input, inside};
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, builder(SequenceSpec{spec.layers}));
    return MemberSum::Create(backend, spec, std::move(inner));
  }
  Result operator()(const MemberSlicesSpec& spec) const {
    BATON_ASSIGN_OR_RETURN(const Shape whole, MemberSlices::WholeInput(spec, input));
    const Builder builder{backend, whole, inside};
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, builder(SequenceSpec{spec.layers}));
    return MemberSlices::Create(backend, spec, input, std::move(inner));
  }
  Result operator()(const FlattenedSpec& spec) const {
    if (input.NumElements() <= 0) {
      return absl::InvalidArgumentError(absl::StrCat("flattened: input ", input.ToString(), " has no elements"));
    }
    const Shape rows(input.type(), {input[0], input.NumElements() / input[0]});
    const Builder builder{backend, rows, inside};
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, builder(SequenceSpec{spec.layers}));
    return std::make_unique<Flattened>(std::move(inner), input);
  }
};

absl::StatusOr<std::unique_ptr<Layer>> Build(const Backend& backend, const LayerSpec& spec, const Shape& input,
                                             Inside inside) {
  // A layer inside one that is recomputed as a whole is not recomputed by itself.
  if (spec.recompute == RecomputeMode::kFull) {
    inside.mode = RecomputeMode::kNone;
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> inner, std::visit(Builder{backend, input, inside}, spec.kind));
    return std::make_unique<Recomputed>(std::move(inner));
  }
  if (spec.recompute == RecomputeMode::kAttention) inside.mode = spec.recompute;
  return std::visit(Builder{backend, input, inside}, spec.kind);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> BuildLayer(const Backend& backend, const LayerSpec& spec, const Shape& input) {
  return Build(backend, spec, input, Inside{});
}

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend,
                                                                const std::vector<LayerSpec>& specs,
                                                                const Shape& input) {
  return BuildAll(backend, specs, input, Inside{});
}

}  // namespace baton
