// Layers that several models have. Used only by the subfolders of ops/models.
#ifndef BATON_OPS_MODELS_PARTS_H_
#define BATON_OPS_MODELS_PARTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ops/layers/spec.h"

namespace baton {

// Initial values of transformers' weights are normal with this standard deviation.
inline constexpr double kTransformerDeviation = 0.02;

inline LayerSpec NormPart(const std::string& name, int64_t width, double epsilon) {
  LayerNormSpec norm;
  norm.name = name;
  norm.width = width;
  norm.epsilon = epsilon;
  return {norm};
}

inline LayerSpec LinearPart(const std::string& name, int64_t inputs, int64_t outputs, bool bias = true) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.bias = bias;
  linear.initializer = {Initializer::Kind::kNormal, kTransformerDeviation};
  return {linear};
}

// Adds dropout to `layers`, unless the probability is 0.
inline void AddDropout(const std::string& name, double probability, std::vector<LayerSpec>& layers) {
  if (probability > 0) layers.push_back({DropoutSpec{name, probability}});
}

}  // namespace baton

#endif  // BATON_OPS_MODELS_PARTS_H_
