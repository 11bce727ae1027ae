// Computes frequencies, stretches long wavelengths, and tabulates the angles.
#include "ops/layers/rotary_table.h"

#include <cmath>

namespace baton {
namespace {

constexpr double kTwoPi = 6.283185307179586;

double Stretched(double frequency, const RotaryFrequencies& of) {
  if (of.factor == 1) return frequency;
  const double turns = of.context * frequency / kTwoPi;  // in the first training's context
  if (turns < of.low_frequency) return frequency / of.factor;
  if (turns > of.high_frequency) return frequency;
  const double share = (turns - of.low_frequency) / (of.high_frequency - of.low_frequency);
  return (1 - share) * frequency / of.factor + share * frequency;
}

}  // namespace

std::vector<float> PairFrequencies(const RotarySpec& spec) {
  const int64_t pairs = spec.width / 2;
  std::vector<float> frequencies(pairs);
  for (int64_t i = 0; i < pairs; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(spec.width);
    frequencies[i] = static_cast<float>(Stretched(std::pow(spec.frequencies.base, exponent), spec.frequencies));
  }
  return frequencies;
}

RotaryTable MakeRotaryTable(const RotarySpec& spec, int64_t context) {
  const std::vector<float> frequencies = PairFrequencies(spec);
  const int64_t pairs = static_cast<int64_t>(frequencies.size());
  RotaryTable table;
  table.cosines.reserve(context * pairs);
  table.sines.reserve(context * pairs);
  for (int64_t position = 0; position < context; ++position) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      table.cosines.push_back(std::cos(angle));
      table.sines.push_back(std::sin(angle));
    }
  }
  return table;
}

}  // namespace baton
