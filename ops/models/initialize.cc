// First values from Philox, keyed by seed and parameter name.
#include "ops/models/initialize.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>

namespace baton {
namespace {

r123::Philox4x32::ctr_type Draw(uint64_t seed, uint64_t name_hash, uint64_t index) {
  const auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  const auto high = [](uint64_t value) { return static_cast<uint32_t>(value >> 32); };
  return r123::Philox4x32{}({{low(index), high(index), low(name_hash), high(name_hash)}}, {{low(seed), high(seed)}});
}

// In (0, 1): the middle of one of 2³² equal parts.
double Uniform(uint32_t word) { return (word + 0.5) * (1.0 / 4294967296.0); }

}  // namespace

uint64_t StableHash(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

void InitializeParameter(uint64_t seed, std::string_view name, const Initializer& initializer, int64_t num_elements,
                         float* values) {
  constexpr double kTwoPi = 6.283185307179586;
  const uint64_t name_hash = StableHash(name);
  switch (initializer.kind) {
    case Initializer::Kind::kZeros:
      std::fill(values, values + num_elements, 0.0f);
      return;
    case Initializer::Kind::kOnes:
      std::fill(values, values + num_elements, 1.0f);
      return;
    case Initializer::Kind::kNormal:
      for (int64_t i = 0; i < num_elements; ++i) {
        const auto words = Draw(seed, name_hash, i);
        const double normal = std::sqrt(-2 * std::log(Uniform(words[0]))) * std::cos(kTwoPi * Uniform(words[1]));
        values[i] = static_cast<float>(initializer.scale * normal);
      }
      return;
    case Initializer::Kind::kUniform:
      for (int64_t i = 0; i < num_elements; ++i) {
        values[i] = static_cast<float>(initializer.scale * (2 * Uniform(Draw(seed, name_hash, i)[0]) - 1));
      }
      return;
  }
}

}  // namespace baton
