// Offsets added to the first bytes of regions.
#include "ops/optimizer/bind.h"

namespace baton {

OptimizedParameter Locate(const ParameterSpec& spec, const ParameterOffsets& offsets, const ParameterRegions& regions) {
  OptimizedParameter parameter;
  parameter.values = regions.parameters + offsets.values;
  parameter.gradients = regions.gradients + offsets.gradients;
  parameter.first_moment = regions.optimizer + offsets.first_moment;
  parameter.second_moment = regions.optimizer + offsets.second_moment;
  if (offsets.working != ParameterOffsets::kNone) parameter.working = regions.optimizer + offsets.working;
  parameter.num_elements = spec.shape.NumElements();
  parameter.decays = spec.decays;
  parameter.is_statistic = spec.is_statistic;
  parameter.frozen = spec.frozen;
  return parameter;
}

void BindLayer(const std::vector<OptimizedParameter>& parameters, Layer& layer) {
  std::vector<std::byte*> values, gradients;
  for (const OptimizedParameter& parameter : parameters) {
    values.push_back(parameter.working != nullptr ? parameter.working : parameter.values);
    gradients.push_back(parameter.gradients);
  }
  layer.BindParameters(values, gradients);
}

}  // namespace baton
