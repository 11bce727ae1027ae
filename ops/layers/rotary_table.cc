// Computes frequencies, stretches long wavelengths, and tabulates the angles.
#include "ops/layers/rotary_table.h"

#include <algorithm>
#include <cmath>

namespace baton {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// The number of the pair, of a head of `width`, that turns `turns` times within the context.
double PairOfTurns(double turns, double width, const RotaryFrequencies& of) {
  return width * std::log(of.context / (turns * kTwoPi)) / (2 * std::log(of.base));
}

// The share of a pair's frequency that is not stretched, by the pair's number.
double KeptByPair(double pair, double width, const RotaryFrequencies& of) {
  double first = PairOfTurns(of.high_frequency, width, of), last = PairOfTurns(of.low_frequency, width, of);
  if (!of.blends_between_pairs) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  // transformers bounds the last pair by the head's width, not by the number of pairs.
  first = std::max(first, 0.0);
  last = std::min(last, width - 1);
  if (first == last) last += 0.001;
  return 1 - std::clamp((pair - first) / (last - first), 0.0, 1.0);
}

// The share of a frequency that is not stretched, by how often it turns within the context.
double KeptByTurns(double frequency, const RotaryFrequencies& of) {
  const double turns = of.context * frequency / kTwoPi;
  return std::clamp((turns - of.low_frequency) / (of.high_frequency - of.low_frequency), 0.0, 1.0);
}

double Stretched(double frequency, double pair, double width, const RotaryFrequencies& of) {
  if (of.factor == 1) return frequency;
  if (of.stretch == RotaryStretch::kLinear) return frequency / of.factor;
  const double kept = of.stretch == RotaryStretch::kYarn ? KeptByPair(pair, width, of) : KeptByTurns(frequency, of);
  return (1 - kept) * frequency / of.factor + kept * frequency;
}

}  // namespace

std::vector<float> PairFrequencies(const RotarySpec& spec) {
  const int64_t pairs = spec.width / 2;
  std::vector<float> frequencies(pairs);
  for (int64_t i = 0; i < pairs; ++i) {
    const auto pair = static_cast<double>(i), width = static_cast<double>(spec.width);
    const double frequency = std::pow(spec.frequencies.base, -2.0 * pair / width);
    frequencies[i] = static_cast<float>(Stretched(frequency, pair, width, spec.frequencies));
  }
  return frequencies;
}

RotaryTable MakeRotaryTable(const RotarySpec& spec, int64_t context) {
  const std::vector<float> frequencies = PairFrequencies(spec);
  const int64_t pairs = static_cast<int64_t>(frequencies.size());
  const auto magnitude = static_cast<float>(spec.frequencies.magnitude);
  RotaryTable table;
  table.cosines.reserve(context * pairs);
  table.sines.reserve(context * pairs);
  for (int64_t position = 0; position < context; ++position) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      table.cosines.push_back(magnitude * std::cos(angle));
      table.sines.push_back(magnitude * std::sin(angle));
    }
  }
  return table;
}

}  // namespace baton
