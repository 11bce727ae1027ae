// Walks the layers of a model.
#include "ops/models/inference.h"

#include <algorithm>
#include <variant>
#include <vector>

namespace baton {
namespace {

// Removes the loss at the end of `layers`, and layers that are empty without it.
void RemoveLoss(std::vector<LayerSpec>& layers) {
  if (layers.empty()) return;
  LayerSpec& last = layers.back();
  std::vector<LayerSpec>* inner = nullptr;
  if (auto* const sequence = std::get_if<SequenceSpec>(&last.kind)) inner = &sequence->layers;
  if (auto* const flattened = std::get_if<FlattenedSpec>(&last.kind)) inner = &flattened->layers;
  if (inner != nullptr) RemoveLoss(*inner);
  if (std::holds_alternative<CrossEntropySpec>(last.kind) || (inner != nullptr && inner->empty())) layers.pop_back();
}

bool AreCausal(const std::vector<LayerSpec>& layers) {
  return std::all_of(layers.begin(), layers.end(), [](const LayerSpec& layer) {
    if (const auto* attention = std::get_if<AttentionSpec>(&layer.kind)) return attention->causal;
    if (const auto* sequence = std::get_if<SequenceSpec>(&layer.kind)) return AreCausal(sequence->layers);
    if (const auto* flattened = std::get_if<FlattenedSpec>(&layer.kind)) return AreCausal(flattened->layers);
    if (const auto* sum = std::get_if<MemberSumSpec>(&layer.kind)) return AreCausal(sum->layers);
    if (const auto* slices = std::get_if<MemberSlicesSpec>(&layer.kind)) return AreCausal(slices->layers);
    if (const auto* residual = std::get_if<ResidualSpec>(&layer.kind))
      return AreCausal(residual->layers) && AreCausal(residual->shortcut);
    return true;
  });
}

}  // namespace

ModelSpec WithoutLoss(ModelSpec model) {
  RemoveLoss(model.layers);
  model.layer_names.resize(model.layers.size());
  return model;
}

bool IsCausal(const ModelSpec& model) { return AreCausal(model.layers); }

bool ReadsTokens(const ModelSpec& model) { return model.input_shape.type() == DataType::kInt32; }

}  // namespace baton
