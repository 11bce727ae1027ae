// Adds up the roofline times of a layer's primitives.
#include "ops/models/rates.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status.h"
#include "ops/layers/build.h"

namespace baton {
namespace {

// In nanoseconds, not rounded, so that many small layers add up correctly.
struct Times {
  double forward = 0;
  double backward_input = 0;
  double backward_weight = 0;
  double recompute = 0;

  void Add(const Times& other) {
    forward += other.forward;
    backward_input += other.backward_input;
    backward_weight += other.backward_weight;
    recompute += other.recompute;
  }
};

// Adds up the times of a layer's primitives, however deep they are nested.
class Adder {
 public:
  Adder(const Backend& backend, const DeviceRates& rates) : backend_(backend), rates_(rates) {}

  // Returns the times of `spec` for an input of `shape`, and sets `shape` to its output's. `mode`: the RecomputeMode of
  // the layer that contains it.
  absl::StatusOr<Times> Add(const LayerSpec& spec, RecomputeMode mode, Shape& shape) const {
    if (spec.recompute == RecomputeMode::kFull) {
      BATON_ASSIGN_OR_RETURN(Times times, AddKind(spec, RecomputeMode::kNone, shape));
      times.recompute = times.forward;
      return times;
    }
    return AddKind(spec, spec.recompute == RecomputeMode::kAttention ? spec.recompute : mode, shape);
  }

 private:
  absl::StatusOr<Times> AddAll(const std::vector<LayerSpec>& specs, RecomputeMode mode, Shape& shape) const {
    Times sum;
    for (const LayerSpec& spec : specs) {
      BATON_ASSIGN_OR_RETURN(const Times times, Add(spec, mode, shape));
      sum.Add(times);
    }
    return sum;
  }

  absl::StatusOr<Times> AddKind(const LayerSpec& spec, RecomputeMode mode, Shape& shape) const {
    if (const auto* sequence = std::get_if<SequenceSpec>(&spec.kind)) return AddAll(sequence->layers, mode, shape);
    if (const auto* residual = std::get_if<ResidualSpec>(&spec.kind)) {
      Shape branch = shape;
      BATON_ASSIGN_OR_RETURN(Times times, AddAll(residual->layers, mode, shape));
      BATON_ASSIGN_OR_RETURN(const Times shortcut, AddAll(residual->shortcut, mode, branch));
      times.Add(shortcut);
      // One addition forward and one backward; each reads two tensors and writes one.
      const double addition = Longer(static_cast<double>(shape.NumElements()), 3 * shape.NumBytes());
      times.forward += addition;
      times.backward_input += addition;
      return times;
    }
    // The sums are the links' work, not the device's.
    if (const auto* sum = std::get_if<MemberSumSpec>(&spec.kind)) return AddAll(sum->layers, mode, shape);
    if (const auto* flattened = std::get_if<FlattenedSpec>(&spec.kind)) {
      shape = Shape(shape.type(), {shape[0], shape.NumElements() / shape[0]});
      return AddAll(flattened->layers, mode, shape);
    }
    BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Layer> layer, BuildLayer(backend_, {spec.kind}, shape));
    Times times = TimePrimitive(*layer);
    if (mode == RecomputeMode::kAttention && std::holds_alternative<AttentionSpec>(spec.kind)) {
      times.recompute = times.forward;
    }
    shape = layer->output_shape();
    return times;
  }

  Times TimePrimitive(const Layer& layer) const {
    Bytes parameters = 0;
    for (const ParameterSpec& parameter : layer.parameters()) parameters += parameter.shape.NumBytes();
    const Bytes input = layer.input_shape().NumBytes();
    const Bytes output = layer.output_shape().NumBytes();
    const Bytes kept_input = layer.input_use() == InputUse::kBackwardInput ? input : 0;
    const Footprint footprint = layer.footprint();
    const LayerFlops flops = layer.flops();
    Times times;
    times.forward = Longer(flops.forward, input + parameters + output + footprint.saved + footprint.saved_weight);
    times.backward_input = Longer(flops.backward_input, output + parameters + kept_input + footprint.saved + input);
    if (parameters > 0) {
      times.backward_weight = Longer(flops.backward_weight, input + footprint.saved_weight + output + 2 * parameters);
    }
    return times;
  }

  // The longer of the times for `flops` and for `bytes`, in nanoseconds.
  double Longer(double flops, Bytes bytes) const {
    const double by_memory = rates_.bytes_per_ns > 0 ? static_cast<double>(bytes) / rates_.bytes_per_ns : 0;
    return std::max(flops / rates_.flops_per_ns, by_memory);
  }

  const Backend& backend_;
  const DeviceRates rates_;
};

}  // namespace

absl::Status TimeByRates(const Backend& backend, const ModelSpec& model, const DeviceRates& rates,
                         std::vector<LayerCosts>& costs) {
  Shape shape = model.input_shape;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    BATON_ASSIGN_OR_RETURN(const Times times, Adder(backend, rates).Add(model.layers[i], RecomputeMode::kNone, shape));
    LayerCosts& layer = costs[i];
    layer.forward_ns = std::llround(times.forward);
    layer.backward_input_ns = std::llround(times.backward_input);
    layer.backward_weight_ns = std::llround(times.backward_weight);
    layer.recompute_ns = std::llround(times.recompute);
    const double update_bytes = 2.0 * static_cast<double>(2 * layer.parameter_bytes + layer.optimizer_bytes);
    layer.update_ns = rates.bytes_per_ns > 0 ? std::llround(update_bytes / rates.bytes_per_ns) : 0;
  }
  return absl::OkStatus();
}

}  // namespace baton
