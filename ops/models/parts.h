// Layers that several models have. Used only by the subfolders of ops/models.
#ifndef BATON_OPS_MODELS_PARTS_H_
#define BATON_OPS_MODELS_PARTS_H_

#include <cmath>
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

inline LayerSpec LinearPart(const std::string& name, int64_t inputs, int64_t outputs, bool bias = true,
                            double deviation = kTransformerDeviation) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.bias = bias;
  linear.initializer = {Initializer::Kind::kNormal, deviation};
  return {linear};
}

// The standard deviation of weights that end a residual branch of decoders, so that the sum over all branches keeps its
// size. Source: Radford et al. 2019, section 2.3.
inline double ResidualDeviation(int64_t blocks) {
  return kTransformerDeviation / std::sqrt(2.0 * static_cast<double>(blocks));
}

// A head without bias; its weight is that of the embedding `tied_to`, unless that is empty.
inline LayerSpec HeadPart(const std::string& name, int64_t width, int64_t vocabulary, const std::string& tied_to) {
  LayerSpec head = LinearPart(name, width, vocabulary, /*bias=*/false);
  if (!tied_to.empty()) std::get<LinearSpec>(head.kind).weight_name = tied_to + ".weight";
  return head;
}

// Adds dropout to `layers`, unless the probability is 0.
inline void AddDropout(const std::string& name, double probability, std::vector<LayerSpec>& layers) {
  if (probability > 0) layers.push_back({DropoutSpec{name, probability}});
}

}  // namespace baton

#endif  // BATON_OPS_MODELS_PARTS_H_
