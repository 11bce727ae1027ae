// Offsets added to the first bytes of regions.
#include "ops/optimizer/bind.h"

namespace baton {

OptimizedParameter Locate(const ParameterSpec& spec, const ParameterOffsets& offsets, const ParameterRegions& regions,
                          const ParameterFormat& format) {
  const auto at = [](std::byte* region, Bytes offset) {
    return region == nullptr || offset == ParameterOffsets::kNone ? nullptr : region + offset;
  };
  OptimizedParameter parameter;
  parameter.values = at(regions.parameters, offsets.values);
  // Running statistics are no parameters that an optimizer moves in small steps.
  parameter.rounds = format.rounds && !spec.is_statistic;
  if (format.rounds) parameter.type = format.type;
  if (offsets.master != ParameterOffsets::kNone) {
    parameter.working = parameter.values;
    parameter.values = at(regions.optimizer, offsets.master);
  }
  parameter.gradients = at(regions.gradients, offsets.gradients);
  parameter.first_moment = at(regions.optimizer, offsets.first_moment);
  parameter.second_moment = at(regions.optimizer, offsets.second_moment);
  parameter.num_elements = spec.shape.NumElements();
  parameter.decays = spec.decays;
  parameter.is_statistic = spec.is_statistic;
  parameter.frozen = spec.frozen;
  return parameter;
}

void BindLayer(const std::vector<OptimizedParameter>& parameters, Layer& layer) {
  std::vector<std::byte*> values, gradients;
  std::vector<bool> frozen;
  for (const OptimizedParameter& parameter : parameters) {
    values.push_back(parameter.working != nullptr ? parameter.working : parameter.values);
    gradients.push_back(parameter.gradients);
    frozen.push_back(parameter.frozen);
  }
  layer.BindParameters(values, gradients);
  layer.Freeze(frozen);
}

}  // namespace baton
