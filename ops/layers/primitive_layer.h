// The part of a Layer that all primitive layers of all backends share: its facts and its bound parameters. Backends
// derive their layers from it.
#ifndef BATON_OPS_LAYERS_PRIMITIVE_LAYER_H_
#define BATON_OPS_LAYERS_PRIMITIVE_LAYER_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/layers/layer_info.h"

namespace baton {

// Does not own the bound parameters. Thread contract and lifecycle: Layer's.
class PrimitiveLayer : public Layer {
 public:
  PrimitiveLayer(LayerInfo info, const Footprint& footprint) : info_(std::move(info)), footprint_(footprint) {}

  const Shape& input_shape() const final { return info_.input_shape; }
  const Shape& output_shape() const final { return info_.output_shape; }
  std::vector<ParameterSpec> parameters() const final { return info_.parameters; }
  InputUse input_use() const final { return info_.input_use; }
  bool weight_needs_grad_output() const final { return info_.weight_needs_grad_output; }
  Footprint footprint() const final { return footprint_; }
  LayerFlops flops() const final { return info_.flops; }

  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) final {
    values_ = values;
    gradients_ = gradients;
  }

  void Freeze(const std::vector<bool>& frozen) final {
    is_frozen_ = !frozen.empty() && std::find(frozen.begin(), frozen.end(), false) == frozen.end();
  }
  bool is_frozen() const final { return is_frozen_; }

  // Does nothing: for layers without parameters.
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

 protected:
  // For ExpectOutput.
  void set_footprint(const Footprint& footprint) { footprint_ = footprint; }

  // The bound values and gradient of parameters()[index].
  template <typename T>
  const T* Value(int index) const {
    return reinterpret_cast<const T*>(values_[index]);
  }
  template <typename T>
  T* Gradient(int index) const {
    return reinterpret_cast<T*>(gradients_[index]);
  }

 private:
  const LayerInfo info_;
  Footprint footprint_;
  std::vector<std::byte*> values_;
  std::vector<std::byte*> gradients_;
  bool is_frozen_ = false;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_PRIMITIVE_LAYER_H_
