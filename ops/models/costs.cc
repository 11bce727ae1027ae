// Translates a layer's footprint and FLOPs to LayerCosts.
#include "ops/models/costs.h"

#include "ops/layers/parameter_layout.h"

namespace baton {

LayerCosts DescribeLayer(const std::string& name, const Layer& layer, const ParameterFormat& format) {
  LayerCosts costs;
  costs.name = name;
  const LayerFlops flops = layer.flops();
  costs.forward_flops = flops.forward;
  costs.backward_flops = flops.backward_input + flops.backward_weight;
  const ChunkLayout layout = LayOutChunk(layer.parameters(), format);
  costs.parameter_bytes = layout.parameter_bytes;
  costs.optimizer_bytes = layout.optimizer_bytes;
  costs.gradient_ratio = layout.gradient_ratio;
  costs.output_bytes = AlignUp(layer.output_shape().NumBytes());
  const Footprint footprint = layer.footprint();
  costs.saved_bytes = footprint.saved;
  costs.saved_weight_bytes = footprint.saved_weight;
  costs.stash_bytes = footprint.stash;
  costs.scratch_bytes = footprint.scratch;
  costs.recomputed_bytes = footprint.recomputed;
  costs.recomputed_weight_bytes = footprint.recomputed_weight;
  costs.recomputes_output = layer.recomputes_output();
  const MemberTraffic traffic = layer.member_traffic();
  costs.forward_sums = {traffic.forward_sums, traffic.forward_bytes, traffic.halves.forward,
                        traffic.halves.forward_bytes};
  costs.backward_sums = {traffic.backward_sums, traffic.backward_bytes, traffic.halves.backward,
                         traffic.halves.backward_bytes};
  const Bytes input_bytes = AlignUp(layer.input_shape().NumBytes());
  switch (layer.input_use()) {
    case InputUse::kNever:
      costs.keep_input_scratch_bytes = input_bytes;
      break;
    case InputUse::kBackwardInput:
      costs.keep_input_saved_bytes = input_bytes;
      break;
    case InputUse::kBackwardWeight:
      costs.keep_input_saved_weight_bytes = input_bytes;
      break;
  }
  (layer.weight_needs_grad_output() ? costs.keep_gradient_stash_bytes : costs.keep_gradient_scratch_bytes) =
      costs.output_bytes;
  return costs;
}

}  // namespace baton
